import json
from types import MappingProxyType

import pytest

from spcm_client import Command, InvalidCommand
from spcm_client.commands import basic_authorization


def written(command: Command) -> dict[str, object]:
    return dict(json.loads(command.to_json("acme", "Basic b21zOnNlY3JldA==")))


def test_a_command_is_written_with_the_contracts_members() -> None:
    command = Command("subscriber.get", {"msisdn": "087"}, {}, "a/1", "c", "spcm:replies:acme:x", dry_run=True)
    assert written(command) == {
        "id": "a/1",
        "operation": "subscriber.get",
        "tenant": "acme",
        "authorization": "Basic b21zOnNlY3JldA==",
        "params": {"msisdn": "087"},
        "payload": {},
        "correlationId": "c",
        "replyTo": "spcm:replies:acme:x",
        "dryRun": True,
    }


def test_what_is_not_given_is_left_out() -> None:
    assert written(Command("planDefinition.search")).keys() == {"id", "operation", "tenant", "authorization"}


def test_each_command_without_an_id_gets_a_new_one() -> None:
    assert Command("subscriber.get").id != Command("subscriber.get").id


def test_credentials_are_written_as_the_documents_do() -> None:
    assert basic_authorization("oms", "secret") == "Basic b21zOnNlY3JldA=="
    assert basic_authorization("oms", "a:ü") == "Basic b21zOmE6w7w="


def test_a_user_with_a_colon_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        basic_authorization("o:ms", "secret")


def test_a_password_that_is_no_text_is_refused_without_being_told() -> None:
    with pytest.raises(InvalidCommand, match="password is not UTF-8") as refusal:
        basic_authorization("oms", "s3cret\udc80")
    assert "s3cret" not in str(refusal.value)
    assert (refusal.value.__cause__, refusal.value.__suppress_context__) == (None, True)


def nested(levels: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_a_command_may_have_32_levels() -> None:
    assert written(Command("subscriber.update", payload=nested(31)))["payload"] == nested(31)


def test_levels_are_counted_and_not_brackets() -> None:
    wide = {"a": [nested(29), *[[{}]] * 40]}
    assert written(Command("subscriber.update", payload=wide))["payload"] == wide


def test_any_mapping_is_an_object() -> None:
    payload = MappingProxyType({"a": MappingProxyType({"b": 1})})
    assert written(Command("subscriber.update", payload=payload))["payload"] == {"a": {"b": 1}}


@pytest.mark.parametrize(
    "payload",
    [
        nested(32),
        {"a": [[nested(29)], *[[]] * 40]},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": "\ud800"},
        {"a": {1, 2}},
        {"a": 10**5000},
        {1: "a"},
        {"a": [{"b": ({None: 1},)}]},
    ],
    ids=[
        "33 levels",
        "33 levels of arrays and objects",
        "NaN",
        "Infinity",
        "lone surrogate",
        "no JSON type",
        "integer of 5,000 digits",
        "a number for a name",
        "null for a name",
    ],
)
def test_what_no_worker_could_read_is_refused_before_it_is_sent(payload: dict[str, object]) -> None:
    with pytest.raises(InvalidCommand):
        written(Command("subscriber.update", payload=payload))


def test_the_refusal_of_a_text_does_not_hold_the_command_with_its_credentials() -> None:
    with pytest.raises(InvalidCommand) as refusal:
        written(Command("subscriber.update", payload={"a": "\ud800"}))
    assert refusal.value.__cause__ is None


def test_a_command_may_have_64_kib_and_a_bulk_4_mib() -> None:
    for operation, limit in (("subscriber.update", 64 * 1024), ("bulk.execute", 4 * 1024 * 1024)):
        rest = len(Command(operation, payload={"a": ""}, id="x").to_json("acme", "Basic eA=="))
        fits = Command(operation, payload={"a": "x" * (limit - rest)}, id="x")
        assert len(fits.to_json("acme", "Basic eA==")) == limit
        with pytest.raises(InvalidCommand, match="bytes"):
            Command(operation, payload={"a": "x" * (limit - rest + 1)}, id="x").to_json("acme", "Basic eA==")
