import pytest

from tests.cli.program import Program


@pytest.mark.parametrize("operation", ["subscriber.create", "subscriber.update"])
def test_an_installation_is_measured_and_nothing_of_it_stays(program: Program, operation: str) -> None:
    before = program.run("tenant", "list", "--json").lines
    measured = program.run("bench", "--commands", "50", "--singles", "3", "--operation", operation, "--json")
    (found,) = measured.lines
    assert found["operation"] == operation
    assert found["commandsPerSecond"] > 0
    assert set(found["milliseconds"]) == {"p50", "p90", "p99"}
    assert set(found["statuses"]) <= {"200", "201"}
    assert program.run("tenant", "list", "--json").lines == before
    assert "bench-" not in program.run("status").out


def test_what_never_ran_cannot_be_measured(migrated: Program, redis_url: str) -> None:
    assert migrated.run("bench", SPCM_REDIS_URL=redis_url).is_refused("no worker has ever started")
