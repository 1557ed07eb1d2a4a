"""Answers of reads can be much larger than commands: a batch must not collect more than can be told at once."""

from tests.bulk.desk import Desk
from workers.batch import LARGEST_ANSWERS


def test_a_batch_ends_where_its_answers_become_too_many_to_be_told_at_once(desk: Desk) -> None:
    desk.bulk(*(new_profile(number) for number in range(400)))
    asked = [desk.command("provisionProfile.list") for _ in range(100)]

    told = desk.run(*asked)

    one = len(str(told[0]["data"]))
    assert len(told) < len(asked)
    assert LARGEST_ANSWERS / one * 0.5 < len(told) < LARGEST_ANSWERS / one * 2
    assert [event["commandid"] for event in told] == [command["id"] for command in asked[: len(told)]]
    assert {event["status"] for event in told} == {200}


def test_repeats_are_told_answers_too(desk: Desk) -> None:
    desk.bulk(*(new_profile(number) for number in range(400)))
    bulk = desk.command("bulk.execute", {"items": [{"operation": "provisionProfile.list"}] * 10})
    assert desk.run(bulk)[0]["status"] == 200
    told = desk.run(*[bulk] * 50)
    assert 1 < len(told) < 50
    assert {event["replayed"] for event in told} == {True}


def new_profile(number: int) -> dict[str, object]:
    name = f"{number:0255d}"
    return {"operation": "provisionProfile.create", "payload": {"name": name, "defaultProfile": False}}
