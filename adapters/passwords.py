"""Password hashes: argon2id at OWASP's minimum, about 26 ms each."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import error_to_str

from adapters.failures import Unavailable

_NO_MEMORY = error_to_str(-22)  # ARGON2_MEMORY_ALLOCATION_ERROR; the exception has no code
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """A new hash, with a salt of its own."""
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password; with no hash (there is no such user) it costs the same, and is not.

    Raises Unavailable where there is no memory to find out.
    """
    try:
        return _hasher.verify(password_hash or _nobodys_hash(), password) and password_hash is not None
    except (VerificationError, InvalidHashError) as error:
        if str(error) == _NO_MEMORY:
            raise Unavailable("argon2: no memory to verify a password") from error
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody's")
