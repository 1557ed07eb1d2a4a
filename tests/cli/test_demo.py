import signal
from pathlib import Path

import pytest

from cli.demo import ExampleOutcome
from spcm_client import Outcome
from tests.cli.program import WITHIN, Program
from tests.polling import wait_for
from tests.processes import descendants, gone


def test_each_outcome_is_what_the_documents_say_and_nothing_is_left(tmp_path: Path) -> None:
    # A setting of another installation must have no say.
    program = Program(TMPDIR=str(tmp_path), SPCM_REDIS_URL="redis://127.0.0.1:1/0", SPCM_LINK_BASE="http://other")
    ended = program.run("demo")
    assert ended.status == 0, ended.err
    assert ended.err == ""
    assert all(word in ended.out for word in ("operation", "subject", "status", "body", "201 replayed", "turkeySauce"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_in_the_middle_it_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with Program(TMPDIR=str(tmp_path)).running("demo") as process:
        wait_for(lambda: list(tmp_path.glob("*/redis-url")), within=WITHIN)
        started = wait_for(lambda: descendants(process.pid), within=WITHIN)
        process.send_signal(number)
        assert process.wait(20) == 130
        assert all(gone(pid, within=5) for pid in started)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("event", "surprises"),
    [
        ({"status": 201, "data": {"id": 1}}, []),
        ({"status": 200, "data": {"id": 1}}, ["status"]),
        ({"status": 201, "data": {"id": True}}, ["data"]),
        ({"status": 201, "data": {"id": 1}, "replayed": True}, ["replayed"]),
        ({"status": 201, "subject": "x", "reason": "y"}, ["subject", "reason", "data"]),
    ],
)
def test_whatever_is_not_as_documented_is_noticed(event: dict[str, object], surprises: list[str]) -> None:
    told = {"id": "1-0", "source": "/spcm", "type": "t", "time": "2026-11-21T16:00:00Z", **event}
    outcome = Outcome(id="", source="", type="", time=None, status=0, event=told)  # type: ignore[arg-type]
    assert ExampleOutcome({"expect": {"status": 201, "data": {"id": 1}}}, outcome).surprises == surprises
