"""Verdicts on passwords."""

import pytest

from adapters.failures import Unavailable
from adapters.passwords import hash_password, verify_password


def test_a_password_is_right_or_wrong() -> None:
    made = hash_password("s3cret")
    assert verify_password(made, "s3cret")
    assert not verify_password(made, "secret")
    assert not verify_password(None, "s3cret")
    for damaged in ("no hash", made[:-5], "$argon2id$v=19$damaged"):
        assert not verify_password(damaged, "s3cret")


def test_without_the_memory_to_verify_it_a_password_is_not_wrong() -> None:
    four_terabytes = hash_password("s3cret").replace("m=19456", f"m={2**32 - 1}")
    with pytest.raises(Unavailable):
        verify_password(four_terabytes, "s3cret")
