import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis

from cli.submission import Submission
from tests.cli.program import Ended, Program, next_line, until

AS_OMS = ("--tenant", "acme", "--user", "oms", "--password-env", "PW")


def submit(program: Program, commands: Any, *options: str) -> Ended:
    file = Path(program.environment["SPCM_DATA"]) / "commands"
    file.write_text(commands if isinstance(commands, str) else json.dumps(commands))
    return program.call("submit", str(file), "--json", *AS_OMS, *options)


def create(msisdn: str, **members: Any) -> dict[str, Any]:
    return {"operation": "subscriber.create", "params": {"msisdn": msisdn}, "payload": {"msisdn": msisdn}, **members}


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


def test_without_waiting_it_tells_what_was_sent(program: Program) -> None:
    ended = submit(program, [create("1009", id="sent")], "--no-wait")
    assert ended.status == 0
    assert ended.lines[0]["commandid"] == "sent"
    until(lambda: program.call("outcome", "sent", "--tenant", "acme").status == 0)


def test_people_get_a_line_for_each_outcome(program: Program) -> None:
    text = json.dumps([create("1010", id="people"), {"operation": "subscriber.get", "params": {"msisdn": "none"}}])
    ended = program.run("submit", *AS_OMS, stdin=text)
    assert "201 subscriber.create subscribers/1010 people" in ended.out
    assert "params" in ended.out


def test_what_has_no_outcome_in_time_is_counted(tmp_path: Path) -> None:
    program = Program(SPCM_DATA=str(tmp_path / "data"), PW="x")
    servers = program.start("up", "--workers", "0")
    assert next_line(servers)
    ended = submit(program, [create("1"), create("2")], "--timeout", "0.2")
    servers.kill()
    servers.communicate()
    assert ended.is_refused("2 commands have no outcome yet")


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


def test_outcomes_can_be_followed_from_the_start(program: Program) -> None:
    submit(program, create("1012", id="followed"))
    with program.running("follow", "--tenant", "acme", "--from", "start", "--json") as following:
        while json.loads(next_line(following)).get("commandid") != "followed":
            pass
        following.send_signal(signal.SIGINT)
        assert following.wait(10) == 130
        assert following.stderr is not None
        assert following.stderr.read() == b""


def test_a_tenant_without_outcomes_is_followed_with_a_word(program: Program) -> None:
    with program.running("follow", "--tenant", "misspelt") as following:
        assert following.stderr is not None
        assert b"there are no outcomes of misspelt yet" in following.stderr.readline()


def test_a_tenant_that_comes_later_is_followed_too(program: Program) -> None:
    submit(program, create("1090"))  # so that there is a stream to read
    with program.running("follow", "--json") as following:
        program.call("tenant", "add", "later")
        with redis.Redis.from_url(program.redis_url) as client:
            until(lambda: [each for each in client.client_list() if each["cmd"] == "xread" and not each["name"]])
        submit(program, create("1013", tenant="later", id="first-of-all"))
        told = json.loads(next_line(following))
        assert (told["tenant"], told["commandid"]) == ("later", "first-of-all")
        following.send_signal(signal.SIGINT)


def test_a_reader_that_goes_away_ends_it_without_a_word(program: Program) -> None:
    submit(program, create("1014"))
    with program.running("follow", "--from", "start") as following:
        assert following.stderr is not None
        next_line(following)
        assert following.stdout is not None
        following.stdout.close()
        until(lambda: submit(program, create("1015")) and following.poll() is not None)
        assert following.returncode == 141
        assert following.stderr.read() == b""


def test_a_place_to_follow_from_that_is_none_is_told(program: Program) -> None:
    assert program.call("follow", "--from", "yesterday").is_refused("--from must be start, now")


def test_a_stored_outcome_is_shown(program: Program) -> None:
    submit(program, [create("1016", id="stored")])
    submit(program, [create("1016", id="refused")])
    shown = program.call("outcome", "stored", "--tenant", "acme", "--json")
    assert (shown.status, shown.lines[0]["data"]["msisdn"]) == (0, "1016")
    assert program.call("outcome", "refused", "--tenant", "acme").status == 1
    assert "subscribers/1016" in program.call("outcome", "stored", "--tenant", "acme").out
    assert program.call("outcome", "unknown", "--tenant", "acme").is_refused("no outcome of unknown is remembered")
    assert program.call("outcome", "stored", "--tenant", "misspelt").is_refused("there is no tenant misspelt")


def test_status_tells_what_waits_and_who_works(program: Program) -> None:
    submit(program, create("1017"))
    (told,) = program.call("status", "--json").lines
    assert [each["number"] for each in told["partitions"]] == list(range(8))
    assert sum(each["backlog"] for each in told["partitions"]) == 0
    assert told["outcomes"]["acme"] > 0
    assert told["dead_letters"] == 0
    assert len(told["workers"]) == 1
    assert "workers: " in program.call("status").out


def test_a_terminal_that_lacks_a_character_is_no_reason_to_end(program: Program) -> None:
    payload = {"msisdn": "1091", "zone": "京"}
    submit(program, [create("1091", id="kyoto", payload=payload)])
    asked = ("outcome", "kyoto", "--tenant", "acme")
    told = program.run(*asked, "--json", PYTHONIOENCODING="latin-1")
    assert told.lines[0]["data"]["zone"] == payload["zone"]
    shown = program.run(*asked, PYTHONIOENCODING="latin-1")
    assert (shown.status, '"zone": "?"' in shown.out) == (0, True)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_status_goes_on_looking_until_ctrl_c(program: Program, form: list[str]) -> None:
    with program.running("status", "--watch", *form) as watching:
        looks = 0
        while looks < 2:
            looks += b"workers" in next_line(watching)
        os.kill(watching.pid, signal.SIGINT)
        assert watching.wait(10) == 130


def test_a_doctor_finds_nothing_wrong_with_what_up_has_started(program: Program) -> None:
    ended = program.call("doctor", "--json")
    assert ended.status == 0
    assert {finding["level"] for finding in ended.lines} <= {"ok", "warning"}
    subjects = {finding["subject"] for finding in ended.lines}
    assert {"Redis persistence", "Redis eviction", "migrations", "partitions", "users", "outcomes"} <= subjects
    assert "appendfsync always" in program.call("doctor").out


def test_a_doctor_tells_a_redis_that_forgets(program: Program) -> None:
    with redis.Redis.from_url(program.redis_url) as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "1gb")
        ended = program.call("doctor", "--json")
        client.config_set("appendfsync", "always")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "0")
    assert ended.status == 1
    problems = [finding for finding in ended.lines if finding["level"] == "problem"]
    assert [finding["found"] for finding in problems] == ["appendfsync everysec", "allkeys-lru"]
    assert all(finding["advice"] for finding in problems)


def test_a_doctor_that_cannot_reach_a_server_says_which(program: Program) -> None:
    other = Program(**{**program.environment, "SPCM_REDIS_URL": "redis://127.0.0.1:1/0"})
    ended = other.call("doctor", "--json")
    assert ended.status == 2
    assert [finding["subject"] for finding in ended.lines if finding["level"] == "problem"] == ["Redis connection"]


@pytest.mark.parametrize("text", ["", "\n", "[]"])
def test_a_file_without_a_command_is_told(program: Program, text: str) -> None:
    assert submit(program, text).is_refused("there was no command, and nothing was sent")


def test_where_no_dead_letter_was_sent_it_says_so(program: Program) -> None:
    resent = program.run("deadletters", "resend", "--all", "--user", "oms", "--password-env", "PW")
    assert (resent.status, resent.err) == (0, "spcm: there are no dead letters, and nothing was sent\n")


def test_an_event_of_somebody_else_is_passed_over(program: Program) -> None:
    with redis.Redis.from_url(program.redis_url) as client:
        submission = Submission(client, {})
        client.xadd("spcm:outcomes:_unattributed", {"event": '{"id": {}}'})
        assert list(submission.outcomes(0.01)) == []
