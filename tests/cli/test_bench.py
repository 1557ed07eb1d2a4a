import signal
from pathlib import Path

import pytest
import redis

from adapters.keys import command_stream, outcome_stream
from cli.bench import percentile
from tests.access import as_role, grant
from tests.cli.program import WITHIN, Program, next_line
from tests.polling import wait_for


@pytest.mark.parametrize("operation", ["subscriber.create", "subscriber.update"])
def test_an_installation_is_measured_and_nothing_of_it_stays(program: Program, operation: str) -> None:
    before = program.run("tenant", "list", "--json").lines
    measured = program.run("bench", "--commands", "50", "--singles", "3", "--operation", operation, "--json")
    (found,) = measured.lines
    assert found["operation"] == operation
    assert found["commandsPerSecond"] > 0
    assert set(found["milliseconds"]) == {"p50", "p90", "p99"}
    assert sum(found["statuses"].values()) >= 53
    assert set(found["statuses"]) <= {"200", "201"}
    assert program.run("tenant", "list", "--json").lines == before
    assert "bench-" not in program.run("status").out


def test_of_a_hundred_the_worst_is_not_the_99th() -> None:
    assert [percentile(range(1, 101), percent) for percent in (50, 90, 99)] == [50, 90, 99]
    assert [percentile([7.0], percent) for percent in (50, 99)] == [7.0, 7.0]


def test_what_never_ran_cannot_be_measured(migrated: Program, redis_url: str) -> None:
    assert migrated.run("bench", SPCM_REDIS_URL=redis_url).is_refused("no worker has ever started")


def test_without_a_database_nothing_is_measured_and_none_is_made(redis_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path))
    assert program.call("bench").is_refused("there is no database")
    assert not list(tmp_path.iterdir())


def test_refusals_are_told_as_such(redis_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path / "data"), SPCM_BACKLOG_LIMIT="1")
    with program.running("up", "--workers", "1") as up:
        assert next_line(up)
        measured = program.run("bench", "--commands", "50", "--singles", "1")
    assert measured.status == 1
    assert "503" in measured.out.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_it_leaves_nothing_behind(program: Program, number: signal.Signals) -> None:
    before = program.run("tenant", "list", "--json").lines
    with program.running("bench", "--commands", "10", "--singles", "10000") as bench:
        wait_for(lambda: program.call("tenant", "list", "--json").lines != before, within=WITHIN)
        bench.send_signal(number)
        assert bench.wait(20) == 130
    assert program.run("tenant", "list", "--json").lines == before


def test_stopped_while_commands_wait_it_leaves_them_to_nobody(program: Program) -> None:
    before = program.run("tenant", "list", "--json").lines
    with redis.Redis.from_url(program.redis_url) as client:
        unattributed = client.xlen(outcome_stream(None))
        with program.running("bench", "--commands", "20000", "--singles", "1") as bench:
            wait_for(
                lambda: [each for each in client.scan_iter(outcome_stream("bench-*")) if client.xlen(each)],
                within=WITHIN,
            )
            bench.send_signal(signal.SIGINT)
            assert bench.wait(WITHIN) == 130
        wait_for(lambda: not any(client.xlen(command_stream(number)) for number in range(8)), within=WITHIN)
        assert client.xlen(outcome_stream(None)) == unattributed
    assert program.run("tenant", "list", "--json").lines == before


def test_ctrl_c_at_its_figures_leaves_nothing_behind(program: Program) -> None:
    before = program.run("tenant", "list", "--json").lines
    with program.running("bench", "--commands", "5000", "--singles", "1") as bench:
        assert next_line(bench)
        bench.send_signal(signal.SIGINT)
        assert bench.wait(20) == 130
    assert program.run("tenant", "list", "--json").lines == before


def test_the_operators_redis_user_may_do_it(program: Program) -> None:
    with redis.Redis.from_url(program.redis_url) as admin:
        grant(admin, "acme")
    operator = as_role(program.redis_url, "operator")
    measured = program.run("bench", "--commands", "5", "--singles", "1", SPCM_REDIS_URL=operator)
    assert (measured.status, measured.err) == (0, "")
