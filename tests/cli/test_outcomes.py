"""`spcm follow` and `spcm outcome`."""

import json
import signal
from pathlib import Path

import redis

from adapters.valkey import Valkey
from tests.cli.commands import AS_OMS, create, submit
from tests.cli.program import WITHIN, Program, next_line
from tests.polling import line_of, wait_for


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
        assert b"there are no outcomes of misspelt yet" in line_of(following.stderr)


def test_a_tenant_that_comes_later_is_followed_too(program: Program) -> None:
    submit(program, create("1090"))  # so that there is a stream to read
    with program.running("follow", "--json") as following:
        program.call("tenant", "add", "later")
        with redis.Redis.from_url(program.redis_url) as client:
            wait_for(
                lambda: [each for each in client.client_list() if each["cmd"] == "xread" and not each["name"]],
                within=WITHIN,
            )
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
        wait_for(lambda: submit(program, create("1015")) and following.poll() is not None, within=WITHIN)
        assert following.returncode == 141
        assert following.stderr.read() == b""


def test_a_place_to_follow_from_that_is_none_is_told(program: Program) -> None:
    for place in "yesterday", str(2**64), f"1-{2**64}":
        assert program.call("follow", "--from", place).is_refused("--from must be start, now")


def test_a_stored_outcome_is_shown(program: Program) -> None:
    submit(program, [create("1016", id="stored")])
    submit(program, [create("1016", id="refused")])
    shown = program.call("outcome", "stored", "--tenant", "acme", "--json")
    assert (shown.status, shown.lines[0]["data"]["msisdn"]) == (0, "1016")
    assert program.call("outcome", "refused", "--tenant", "acme").status == 1
    assert "subscribers/1016" in program.call("outcome", "stored", "--tenant", "acme").out
    assert program.call("outcome", "unknown", "--tenant", "acme").is_refused("no outcome of unknown is remembered")
    assert program.call("outcome", "stored", "--tenant", "misspelt").is_refused("there is no tenant misspelt")


def test_numbers_of_any_size_are_shown(program: Program, tmp_path: Path) -> None:
    digits = "7" * 5000
    items = f'[{{"operation":"provisionProfile.get","params":{{"id":{digits}}}}}]'
    (tmp_path / "bulk.json").write_text(f'{{"id":"digits","operation":"bulk.execute","payload":{{"items":{items}}}}}')
    sent = program.call("submit", str(tmp_path / "bulk.json"), *AS_OMS)
    assert sent.status == 0, sent
    assert "digits" in sent.out
    assert digits[:50] in program.call("outcome", "digits", "--tenant", "acme").out


def test_a_terminal_that_lacks_a_character_is_no_reason_to_end(program: Program) -> None:
    payload = {"msisdn": "1091", "zone": "京"}
    submit(program, [create("1091", id="kyoto", payload=payload)])
    asked = ("outcome", "kyoto", "--tenant", "acme")
    told = program.run(*asked, "--json", PYTHONIOENCODING="latin-1")
    assert told.lines[0]["data"]["zone"] == payload["zone"]
    shown = program.run(*asked, PYTHONIOENCODING="latin-1")
    assert (shown.status, '"zone": "?"' in shown.out) == (0, True)


def test_large_outcomes_are_read_few_at_a_time(valkey: Valkey, tmp_path: Path) -> None:
    """What is on its way is in Redis' memory a second time."""
    program = Program(SPCM_REDIS_URL=valkey.url, SPCM_DATA=str(tmp_path))
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
        client.config_set("client-output-buffer-limit", "normal 16mb 0 0")
        for number in range(40):
            client.xadd("spcm:outcomes:acme", {"event": json.dumps({"commandid": f"c{number}", "data": "x" * 1024**2})})
        with program.running("follow", "--from", "start") as following:
            assert [next_line(following).split()[-1] for _ in range(40)] == [b"c%d" % number for number in range(40)]


def test_following_waits_for_a_redis_that_is_away_and_ends_where_it_is_refused(valkey: Valkey, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=valkey.url, SPCM_DATA=str(tmp_path))
    with (
        program.running("follow", "--from", "start", "--json") as following,
        redis.Redis.from_url(valkey.url) as client,
    ):
        client.xadd("spcm:outcomes:acme", {"event": '{"commandid": "before"}'})
        assert json.loads(next_line(following))["commandid"] == "before"
        valkey.kill()
        assert following.stderr is not None
        assert line_of(following.stderr) == b"spcm: the connection to Redis was lost; waiting for it\n"
        restarted = Valkey.start(valkey.directory, port=valkey.port)
        client.xadd("spcm:outcomes:acme", {"event": '{"commandid": "after"}'})
        assert json.loads(next_line(following))["commandid"] == "after"
        client.config_set("requirepass", "another")
        client.client_kill_filter(_type="normal", skipme=True)
        assert following.wait(20) == 2
        assert b"Redis refused" in following.stderr.read()
    restarted.stop()
