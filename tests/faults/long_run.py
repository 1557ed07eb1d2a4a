"""The long run: random faults under load from one seed, the checker at the end, and a report.

python -m tests.faults.long_run --minutes 30 --seed 1 --database postgres --report faults.md
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.checker import Finding, check
from tests.faults.evidence import Evidence
from tests.faults.lab import Lab
from tests.faults.mishaps import Mishaps
from tests.faults.recovery import Fault, Recovery, recoveries
from tests.faults.worker import private_bytes

RATE = 240  # commands a second
NUMBERS = 1000  # subscribers of each tenant
EARLY = 300.0  # seconds after which memory is first looked at
SETTLE_WITHIN = 120.0
LOST = ("lost outcome", "wrong journal", "leftover")
DOUBLED = ("doubled outcome", "doubled effect", "unknown outcome")
DISORDERED = ("wrong order", "wrong outcome", "wrong row")


def run(minutes: float, seed: int, database: str, report: Path) -> bool:
    """Whether nothing was found."""
    print(f"seed {seed}, {minutes} minutes, {database}", flush=True)
    with tempfile.TemporaryDirectory(prefix="spcm-faults-") as folder:
        # The limit is low, so that outages build up more than that.
        environment = {"SPCM_BATCH_TIME_LIMIT": "6", "SPCM_BACKLOG_LIMIT": "100", "TMPDIR": folder}
        lab = Lab(Path(folder) / "lab", proxied=True, sqlite=database == "sqlite", environment=environment)
        try:
            lab.start_worker()
            lab.start_worker()
            faults, memory = _inject(lab, minutes * 60, seed)
            began = time.monotonic()
            lab.settle(within=SETTLE_WITHIN)
            settled = time.monotonic() - began
            evidence = lab.evidence()
            findings = check(evidence)
            title = f"{minutes:g} minutes of faults on {database}, seed {seed}"
            words = _report(title, faults, memory, settled, evidence, findings)
        finally:
            lab.close()
            log = (lab.folder / "worker.log").read_text(errors="replace")
            report.with_suffix(".log").write_text(log[-5_000_000:])
    report.write_text(words)
    print(words, flush=True)
    return not findings and not any(": " in fault.name for fault in faults)


def _inject(lab: Lab, seconds: float, seed: int) -> "tuple[list[Fault], list[str]]":
    chance = random.Random(seed)
    mishaps = Mishaps(lab, chance)
    kinds = mishaps.all()
    faults: list[Fault] = []
    memory: list[str] = []
    with lab.load(rate=RATE, seed=seed, numbers=NUMBERS):
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if not memory and passed > min(EARLY, seconds / 2):
                memory.append(_memory(lab, passed))
            time.sleep(chance.uniform(0.2, 2.2))
            name, _, action = chance.choices(kinds, [weight for _, weight, _ in kinds])[0]
            start = time.time()
            try:
                action()
            except AssertionError as failed:  # the checker judges all the same
                name = f"{name}: {failed}"
            if deserters := [worker for worker in lab.workers if worker.deserted()]:
                name = f"{name}: a worker ended by itself"
                for worker in deserters:
                    lab.workers.remove(worker)
                    lab.launch_worker()
            faults.append(Fault(name, start * 1000, time.time() * 1000))
            if len(faults) % 25 == 0:
                print(
                    f"{passed:.0f} s, {len(lab.ledger)} sent, {len(faults)} faults, {sum(lab.backlog())} waiting",
                    flush=True,
                )
        time.sleep(5)
        memory.append(_memory(lab, time.monotonic() - began))
    return faults, memory


def _memory(lab: Lab, passed: float) -> str:
    steady = lab.workers[0]
    pool = [private_bytes(pid) for pid in steady.pool]
    words = (
        f"after {passed:.0f} s: {private_bytes(steady.pid) / 1e6:.1f} MB the worker, "
        f"{', '.join(f'{size / 1e6:.1f}' for size in pool)} MB its pool processes; "
        f"{lab.client.info('clients')['connected_clients']} connections to Redis"
    )
    if lab.postgres is None:
        return words
    [[backends]] = lab.postgres.execute("select count(*) from pg_stat_activity where application_name = 'spcm'")
    return f"{words}, {backends} to PostgreSQL"


def _report(
    title: str,
    faults: list[Fault],
    memory: list[str],
    settled: float,
    evidence: Evidence,
    findings: list[Finding],
) -> str:
    found: Counter[str] = Counter(finding.damage for finding in findings)
    times = recoveries(faults, evidence.told)
    injected = Counter(fault.name for fault in faults)
    counted = [each.seconds for each in times if each.fault.name[:2] not in ("21", "22")]
    statuses = Counter(each.event["status"] for each in evidence.told)
    lines = [
        f"# {title}",
        "",
        f"- commands accepted: {len(evidence.sent)}, sent without an answer: {len(evidence.unsure)}, "
        f"outcomes: {len(evidence.told)}, faults injected: {len(faults)}",
        f"- lost: {sum(found[kind] for kind in LOST)}, doubled: {sum(found[kind] for kind in DOUBLED)}, "
        f"out of order: {sum(found[kind] for kind in DISORDERED)}, "
        f"other findings: {sum(found[kind] for kind in found if kind not in (*LOST, *DOUBLED, *DISORDERED))}",
        f"- recovery of the slowest partition after a fault (rows 21, 22 aside): median {_at(counted, 0.5):.2f} s, "
        f"p99 {_at(counted, 0.99):.2f} s, slowest {_at(counted, 1):.2f} s",
        f"- everything answered {settled:.1f} s after the last command",
        f"- outcomes by status: {', '.join(f'{status}: {count}' for status, count in sorted(statuses.items()))}",
        *(f"- memory {words}" for words in memory),
        "",
        "| fault | injected | slowest recovery, s |",
        "| --- | --- | --- |",
        *(f"| {name} | {count} | {_slowest(times, name)} |" for name, count in sorted(injected.items())),
        "",
        *(f"- {finding.damage}: {finding.words}" for finding in findings[:100]),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _slowest(times: list[Recovery], name: str) -> str:
    of_kind = [each.seconds for each in times if each.fault.name == name]
    return f"{max(of_kind):.2f}" if of_kind else "overlapped"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Random faults under load, and a checker at the end.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--report", type=Path, default=Path("faults-report.md"))
    chosen = parser.parse_args()
    sys.exit(0 if run(chosen.minutes, chosen.seed, chosen.database, chosen.report) else 1)
