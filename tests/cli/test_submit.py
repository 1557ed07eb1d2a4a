import json
import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest
import redis

from adapters.keys import command_stream
from spcm_client import stream_of
from tests.cli.commands import AS_OMS, create, submit
from tests.cli.program import WITHIN, Program, next_line
from tests.polling import wait_for


def test_what_is_missing_is_filled_in(program: Program) -> None:
    ended = submit(program, create("1001"))
    (event,) = ended.lines
    assert (ended.status, event["status"], event["tenant"], event["subject"]) == (0, 201, "acme", "subscribers/1001")
    assert len(event["commandid"]) == 36


def test_what_is_there_stays_as_it_is(program: Program) -> None:
    wrong = "Basic b21zOndyb25n"
    ended = submit(
        program, [create("1002", id="mine"), create("1003", authorization=wrong), create("1004", tenant="x")]
    )
    told = {event.get("subject"): event for event in ended.lines}
    assert ended.status == 1
    assert told["subscribers/1002"]["commandid"] == "mine"
    assert told["subscribers/1003"]["status"] == 401
    assert (told["subscribers/1004"]["status"], "tenant" in told["subscribers/1004"]) == (401, False)


@pytest.mark.parametrize(
    "text",
    [
        '{"operation": "subscriber.get", "params": {"msisdn": "1"}, "typo": 1}',
        '{"operation": "subscriber.get", "operation": "subscriber.get", "params": {"msisdn": "1"}}',
        '{"operation": "subscriber.get", "params": {"msisdn": NaN}}',
        '{"operation": "subscriber.get", "params": {"msisdn": "1"}, "correlationId": ' + "9" * 5000 + "}",
        '{"operation": ["a"], "params": [], "payload": [], "tenant": 5}',
        "{}",
    ],
)
def test_a_wrong_command_is_answered_by_the_worker(program: Program, text: str) -> None:
    ended = submit(program, text)
    assert ended.status == 1
    assert [event["status"] for event in ended.lines] == [400]


def test_a_reply_list_of_the_callers_own_is_kept(program: Program) -> None:
    ended = submit(program, create("1005", replyTo="spcm:replies:acme:mine"))
    assert [event["status"] for event in ended.lines] == [201]
    with redis.Redis.from_url(program.redis_url) as client:
        assert json.loads(client.lpop("spcm:replies:acme:mine")) == ended.lines[0]


def test_a_file_of_more_commands_than_may_be_under_way_has_each_outcome(program: Program, tmp_path: Path) -> None:
    file = tmp_path / "commands.jsonl"
    file.write_text("".join(json.dumps(create(str(20_000 + number))) + "\n" for number in range(2_500)))
    ended = program.call("submit", str(file), "--json", *AS_OMS)
    assert ended.status == 0
    assert len({event["subject"] for event in ended.lines}) == 2_500


def test_what_is_no_command_is_told_with_its_line_after_those_before_it(program: Program) -> None:
    ended = submit(program, json.dumps(create("1006")) + "\n\n[1]\n")
    assert ended.status == 2
    assert [event["status"] for event in ended.lines] == [201]
    assert ended.err.endswith("commands, line 3: a command is a JSON object")


def test_outcomes_come_while_commands_still_do(program: Program) -> None:
    environment = program.environment
    words = [*program.words, "submit", "--json", *AS_OMS]
    with subprocess.Popen(words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        for msisdn in ("1007", "1008"):
            process.stdin.write(json.dumps(create(msisdn)).encode())
            assert json.loads(next_line(process))["subject"] == f"subscribers/{msisdn}"
        process.stdin.close()
        assert process.wait(10) == 0


def test_a_pipe_that_does_not_wait_is_waited_for(program: Program) -> None:
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    words = [*program.words, "submit", "--json", *AS_OMS]
    with (
        open(writable, "wb", buffering=0) as pipe,
        subprocess.Popen(words, env=program.environment, stdin=readable, stdout=subprocess.PIPE, bufsize=0) as process,
    ):
        os.close(readable)
        for msisdn in ("1011", "1012"):
            pipe.write(json.dumps(create(msisdn)).encode())
            assert json.loads(next_line(process))["subject"] == f"subscribers/{msisdn}"
        pipe.close()
        assert process.wait(10) == 0


def test_ids_that_no_terminal_should_see_are_told_as_far_as_they_can_be(program: Program) -> None:
    text = json.dumps([create("1013", id="\x1b[31mred"), create("1014", id="\ud800")])
    shown = program.run("submit", "--no-wait", *AS_OMS, stdin=text)
    assert (shown.status, shown.out.count("sent ")) == (0, 2)
    assert "\x1b" not in shown.out
    assert len(program.run("submit", "--no-wait", "--json", *AS_OMS, stdin=text).lines) == 2


def test_without_waiting_it_tells_what_was_sent(program: Program) -> None:
    ended = submit(program, [create("1009", id="sent")], "--no-wait")
    assert ended.status == 0
    assert ended.lines[0]["commandid"] == "sent"
    wait_for(lambda: program.call("outcome", "sent", "--tenant", "acme").status == 0, within=WITHIN)


def test_people_get_a_line_for_each_outcome(program: Program) -> None:
    text = json.dumps([create("1010", id="people"), {"operation": "subscriber.get", "params": {"msisdn": "none"}}])
    ended = program.run("submit", *AS_OMS, stdin=text)
    assert "201 subscriber.create subscribers/1010 people" in ended.out
    assert "params" in ended.out


def test_what_has_no_outcome_in_time_is_counted(tmp_path: Path) -> None:
    program = Program(SPCM_DATA=str(tmp_path / "data"), PW="x")
    with program.running("up", "--workers", "0") as servers:
        assert next_line(servers)
        ended = submit(program, [create("1"), create("2")], "--timeout", "0.2")
    assert ended.is_refused("2 commands have no outcome yet and may still be executed, under these ids: ")
    ids = ended.err.rpartition(": ")[2].split()
    assert len(ids) == len({uuid.UUID(each) for each in ids}) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_told_to_end_names_what_has_no_outcome_yet(tmp_path: Path, number: signal.Signals) -> None:
    program = Program(SPCM_DATA=str(tmp_path / "data"), PW="x")
    (tmp_path / "commands").write_text(json.dumps([create("1"), create("2")]))
    with program.running("up", "--workers", "0") as servers:
        assert next_line(servers)
        with (
            program.running("submit", str(tmp_path / "commands"), *AS_OMS) as submitting,
            redis.Redis.from_url(program.redis_url) as client,
        ):
            wait_for(lambda: sum(client.xlen(command_stream(number)) for number in range(8)) == 2, within=WITHIN)
            submitting.send_signal(number)
            _, told = submitting.communicate(timeout=WITHIN)
    assert submitting.returncode == 130
    assert told.startswith(b"spcm: 2 commands have no outcome yet and may still be executed, under these ids: ")


def test_who_is_told_to_end_learns_what_was_not_sent(tmp_path: Path) -> None:
    program = Program(SPCM_DATA=str(tmp_path / "data"), PW="x")
    (tmp_path / "commands").write_text("".join(json.dumps(create(str(number))) for number in range(3_000)))
    with program.running("up", "--workers", "0") as servers:
        assert next_line(servers)
        with (
            program.running("submit", str(tmp_path / "commands"), *AS_OMS) as submitting,
            redis.Redis.from_url(program.redis_url) as client,
        ):
            wait_for(lambda: sum(client.xlen(command_stream(number)) for number in range(8)) == 1_000, within=WITHIN)
            submitting.send_signal(signal.SIGINT)
            _, told = submitting.communicate(timeout=WITHIN)
    beginning, _, ids = told.partition(b"under these ids: ")
    assert beginning == (
        b"spcm: what follows command 1000 of the input was not sent;"
        b" 1000 commands have no outcome yet and may still be executed, "
    )
    assert len(ids.split()) == 1_000


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.json"], "nowhere.json: No such file or directory"),
        (["--user", "oms"], "--password-env"),
        (["--user", "oms", "--password-env", "NOT_SET"], "NOT_SET has no password"),
        (["--user", "oms", "--password-env", "EMPTY"], "EMPTY has no password"),
        (["--tenant", "A B"], "a tenant's name must be"),
    ],
)
def test_what_cannot_be_sent_is_told(
    program: Program, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(program.environment, "EMPTY", "")
    assert program.call("submit", *arguments).is_refused(told)


def test_the_password_is_in_no_word_that_is_told(program: Program) -> None:
    ended = submit(program, create("1011", typo=1))
    assert "s3cret" not in ended.out + ended.err
    assert "Basic" not in ended.out + ended.err


def test_before_a_worker_has_started_commands_go_where_it_will_look(redis_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path), SPCM_PARTITIONS="2")
    commands = "".join(json.dumps({"id": number, **create(f"0{number}")}) for number in range(20))
    sent = program.run("submit", "--no-wait", "--json", stdin=commands).lines
    assert {each["partition"] for each in sent} == {0, 1}
    assert [repr(each["commandid"]) for each in sent] == [str(number) for number in range(20)]  # and not 0.0


def test_no_name_is_no_file(tmp_path: Path, redis_url: str) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path))
    assert program.call("submit", "").is_refused("give the name of a file of commands, or - for stdin")


@pytest.mark.parametrize("text", ["", "\n", "[]"])
def test_a_file_without_a_command_is_told(program: Program, text: str) -> None:
    assert submit(program, text).is_refused("there was no command, and nothing was sent")


def test_a_redis_that_comes_and_goes_is_not_waited_for_for_ever(redis_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path))
    with redis.Redis.from_url(redis_url) as admin:
        admin.set("spcm:partitions", 8)
        (tmp_path / "command.json").write_text('{"operation": "planDefinition.search"}')
        with program.running(
            "submit", str(tmp_path / "command.json"), "--tenant", "acme", "--timeout", "2"
        ) as submitting:
            wait_for(lambda: any(admin.exists(stream_of(number)) for number in range(8)), within=WITHIN)
            begun = time.monotonic()
            while submitting.poll() is None and time.monotonic() < begun + WITHIN:
                admin.client_kill_filter(_type="normal", skipme=True)
                time.sleep(1)  # it waits for half a second at a time: every other one ends well
            _, told = submitting.communicate(timeout=WITHIN)
    assert submitting.returncode == 2
    *losses, end = [line.partition(b";")[0] for line in told.splitlines()]
    assert set(losses) == {b"spcm: the connection to Redis was lost"}
    assert end == b"spcm: no outcome came within 2 s (see `spcm status`)"
