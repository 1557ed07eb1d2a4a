import os
import signal
import subprocess
import sys
from pathlib import Path

from adapters.lifeline import Lifeline
from tests.polling import line_of, wait_for
from tests.processes import gone, group_of

SLEEP = "/bin/sleep"


def test_the_process_started_is_the_program_itself() -> None:
    lifeline = Lifeline()
    process = lifeline.start(["/bin/sh", "-c", "echo $$; exit 7"], stdout=subprocess.PIPE)
    told, _ = process.communicate(timeout=5)
    assert int(told) == process.pid
    assert process.returncode == 7
    lifeline.close()


def test_closing_it_ends_what_still_runs_with_the_signal_chosen() -> None:
    lifeline = Lifeline()
    process = lifeline.start([SLEEP, "60"], ending=signal.SIGUSR1)  # which leaves no core behind
    lifeline.close()
    assert process.wait(5) == -signal.SIGUSR1


def test_what_does_not_obey_is_killed() -> None:
    lifeline = Lifeline()
    process = lifeline.start(["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 60"], stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    assert line_of(process.stdout) == b"ready\n"
    lifeline.close()
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()


def test_children_that_do_not_obey_are_killed_with_their_server() -> None:
    lifeline = Lifeline()
    process = lifeline.start(
        ["/bin/sh", "-c", f"trap '' TERM; {SLEEP} 60 & echo $!; wait"], stdout=subprocess.PIPE, bufsize=0
    )
    assert process.stdout is not None
    child = int(line_of(process.stdout))
    lifeline.close()
    assert gone(child, within=5)
    process.wait(5)
    process.stdout.close()


def test_a_program_that_cannot_be_executed_is_told(tmp_path: Path) -> None:
    lifeline = Lifeline()
    process = lifeline.start([str(tmp_path / "none")], stderr=subprocess.PIPE)
    _, told = process.communicate(timeout=5)
    assert told.decode() == f"{tmp_path / 'none'}: No such file or directory\n"
    assert process.returncode == 127
    lifeline.close()


def test_a_server_inherits_no_descriptor_that_it_was_not_given() -> None:
    lifeline = Lifeline()
    process = lifeline.start(["/bin/ls", "/dev/fd"], stdout=subprocess.PIPE)
    told, _ = process.communicate(timeout=5)
    assert len(told.split()) == 5  # input, output, errors, the pipe that its watcher reads, and the listing's own
    lifeline.close()


def test_a_server_inherits_no_signal_that_python_ignores() -> None:
    lifeline = Lifeline()
    process = lifeline.start(["/bin/sh", "-c", "kill -PIPE $$"])
    assert process.wait(5) == -signal.SIGPIPE
    lifeline.close()


def test_a_server_finds_no_child_that_it_never_started() -> None:
    lifeline = Lifeline()
    process = lifeline.start([sys.executable, "-c", "import os; os.wait()"], stderr=subprocess.PIPE)
    _, told = process.communicate(timeout=20)
    assert b"ChildProcessError" in told
    lifeline.close()


def test_a_signal_to_its_whole_group_does_not_reach_its_watcher() -> None:
    lifeline = Lifeline()
    process = lifeline.start(["/bin/sh", "-c", "trap '' TERM; echo ready; sleep 60"], stdout=subprocess.PIPE, bufsize=0)
    assert process.stdout is not None
    assert line_of(process.stdout) == b"ready\n"
    wait_for(lambda: "lifeline" not in group_of(process.pid), within=10)
    os.killpg(process.pid, signal.SIGTERM)
    lifeline.close()
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()
