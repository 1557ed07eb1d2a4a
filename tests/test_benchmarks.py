"""That the benchmarks run, on SQLite and with few commands; what they measure is nobody's pass or fail."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from benchmarks.chart import bars
from benchmarks.measuring import Spread, by_turns, percentile, ratio
from benchmarks.page import PAGE, put

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("script", "arguments", "figures"),
    [
        ("throughput", "--commands 200 --scenario mix", r"^[1-9][0-9,]* commands/s"),
        ("latency", "--commands 10 --rate 100", r"^one at a time: p50 [0-9.]+ ms.*\nat 100/s: p50 [0-9.]+ ms"),
        ("memory", "--commands 200", r"^backlog of 200: [1-9][0-9]* MB once warm"),
    ],
    ids=["throughput", "latency", "memory"],
)
def test_a_benchmark_runs_and_tells_figures(script: str, arguments: str, figures: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{script}", "--database", "sqlite", *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    assert re.match(figures, told.stdout), told.stdout


def test_the_page_has_a_place_for_each_section(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text())
    sections = re.findall("<!-- figures: (.*) -->", PAGE.read_text())
    assert {"new", "mix", "single", "costs"} <= set(sections)
    for section in sections:
        put(page, section, f"figures of {section}")
        put(page, section, f"newer figures of {section}")
        assert f"\nnewer figures of {section}\n" in page.read_text()
    with pytest.raises(ValueError, match="no place"):
        put(page, "elsewhere", "")


def test_figures_are_compared_round_by_round() -> None:
    ours, theirs = Spread((10.0, 30.0, 20.0)), Spread((1.0, 2.0, 4.0))
    assert ours.median == 20.0
    assert ratio(ours, theirs) == Spread((10.0, 15.0, 5.0))
    assert [percentile([5.0, 1.0, 4.0, 2.0, 3.0], percent) for percent in (0, 50, 99)] == [1.0, 3.0, 5.0]
    assert [percentile(range(1, 101), percent) for percent in (50, 90, 99, 100)] == [50, 90, 99, 100]


def test_each_round_begins_with_another_one() -> None:
    taken: list[str] = []

    def measured(name: str, number: int) -> float:
        taken.append(name)
        return float(number)

    found = by_turns({name: partial(measured, name) for name in "abc"}, rounds=4)
    assert "".join(taken) == "abc" + "bca" + "cab" + "abc"
    assert found == dict.fromkeys("abc", Spread((0.0, 1.0, 2.0, 3.0)))


def test_the_picture_shows_the_fastest_first() -> None:
    drawn = bars("Speed", {"slow & old": Spread((1.0,)), "fast": Spread((2.0, 4.0))}, "fast")
    assert drawn.index(">fast<") < drawn.index(">slow &amp; old<")
