"""Killed at every step of an apply, and walked over with each guard taken out: what is lost, doubled, and missed."""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report import Line

ROOT = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder with a name of its own is made in it
STEPS = int(os.environ.get("BENCH_STEPS", "20000"))
"""Steps of the state machine with every guard in place."""
MISSED = 3000
"""So many steps a missing guard may stay unnoticed."""


def lines() -> Iterator[Line]:
    """Kill points of an apply, steps of the state machine, and how soon each missing guard is noticed."""
    sys.path.insert(0, str(ROOT / "tests"))
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        yield _killed(folder)
        yield _walked(folder)
        yield _missed(folder)


def _killed(folder: Path) -> Line:
    from unit.actions.killing import VARIANTS, run, template

    made = template(folder / "original")
    found: Counter[str] = Counter()
    for prepare in VARIANTS.values():
        at, died = 1, True
        while died:
            died, wrong = run(folder / "original", folder / "run", made, at=at, prepare=prepare)
            found["tried"] += died
            found[wrong.partition(":")[0] or "right"] += 1
            at += 1
    value = f"{found['tried']:,} tried, {found['lost']} lost, {found['doubled']} doubled"
    return Line(what="an apply of three deletions, killed −9 before and after every write, then gone on with", value=value, aim="0 / 0")


def _walked(folder: Path) -> Line:
    from unit.actions.driver import walk

    walked = walk(folder, seed=20261124, steps=STEPS)
    value = f"{walked.steps:,} steps, {walked.applied:,} plans applied, {int(bool(walked.wrong))} wrong"
    return Line(what="aimed steps over plan, approve, apply, undo, against an oracle of its own", value=value, aim="0 wrong")


def _missed(folder: Path) -> Line:
    from unit.actions.driver import MUTANTS, walk, without

    found = {name: walk(folder, seed=1, steps=MISSED, rules=without(name)) for name in MUTANTS}
    caught = {name: walked.steps for name, walked in found.items() if walked.wrong}
    slowest = max(caught, key=lambda name: caught[name])
    missed = ", ".join(sorted(found.keys() - caught.keys())) or "none missed"
    return Line(
        what="each guard taken out in turn",
        value=f"{len(caught)} of {len(found)} noticed",
        aim="all",
        beside=f"{missed}; the last after {caught[slowest]:,} steps ({slowest})",
    )
