from typing import Any

import pytest
from redis import Redis

from spcm_client import Client, WrongUrl
from spcm_client.connections import longest_block


@pytest.mark.parametrize(
    ("timeouts", "seconds"),
    [({}, 2.5), ({"socket_timeout": 0.4}, 0.2), ({"socket_timeout": 60}, 5.0), ({"socket_timeout": None}, 5.0)],
)
def test_a_read_blocks_for_half_of_what_its_client_waits_for_an_answer(timeouts: Any, seconds: float) -> None:
    assert longest_block(Redis(**timeouts)) == seconds


@pytest.mark.parametrize("url", ["redis://:hid#den@h/0", "http://:hidden@h", "hidden"])
def test_a_url_that_cannot_be_read_is_told_without_it(url: str) -> None:
    with pytest.raises(WrongUrl) as raised:
        Client(url, "acme", "oms", "s3cret")
    assert "hid" not in str(raised.value)
