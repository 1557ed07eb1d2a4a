"""What a message in the bells' queue asks for."""

from typing import Any

import pytest

from workers.queue import DRAIN, MAINTAIN, asked_for, message_for

LAST = 7
"""The last partition, where nobody has set their number."""


@pytest.mark.parametrize(("task", "arguments"), [(DRAIN, [0]), (DRAIN, [LAST]), (MAINTAIN, [])])
def test_a_bell_asks_for_what_it_was_made_for(task: str, arguments: list[int]) -> None:
    message = message_for(task, arguments)
    assert asked_for(message) == (task, arguments)
    plain = {"body": f"[{arguments}]", "properties": {}}
    assert asked_for(message | plain) == (task, arguments)


@pytest.mark.parametrize("arguments", [[], [0, 0], [-1], [LAST + 1], ["0"], [True], [0.0], [None], {"0": 0}, 7, None])
def test_what_names_no_single_partition_is_no_bell(arguments: Any) -> None:
    assert asked_for(message_for(DRAIN, arguments)) is None


@pytest.mark.parametrize(
    ("task", "arguments"), [(MAINTAIN, [0]), ("celery.chain", [0]), ("celery.chain", []), ({}, [])]
)
def test_nothing_else_can_be_asked_for(task: Any, arguments: list[int]) -> None:
    assert asked_for(message_for(task, arguments)) is None


@pytest.mark.parametrize("body", [None, 5, "!", "", "W10=", "W1swXV0=!", "[" * 5000])
def test_a_body_that_cannot_be_read_asks_for_nothing(body: Any) -> None:
    message = message_for(DRAIN, [0])
    assert asked_for(message | {"body": body}) is None
    assert asked_for(message | {"body": body, "properties": {}}) is None


@pytest.mark.parametrize("message", [None, 7, [], {}, {"headers": None, "body": None, "properties": None}])
def test_what_is_no_message_asks_for_nothing(message: Any) -> None:
    assert asked_for(message) is None
