"""One measurement in a process of its own: wall clock, CPU seconds of it and its children, and their peak memory."""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
"""How often each thing is measured; the median is told."""

SCRATCH = Path(os.environ.get("BENCH_SCRATCH", ".tools/bench"))
"""Where bills and state of the measurements are kept; bills are made once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The median of several runs: seconds of wall clock and CPU, peak resident megabytes of the largest process."""

    wall: float
    cpu: float
    peak_mb: float


def measured(argv: Sequence[str], *, runs: int = RUNS, before: Callable[[], object] | None = None) -> Measured:
    """Run a command several times, each in a fresh process; raises when it fails."""
    return median([once(argv, before=before) for _ in range(runs)])


def median(told: Sequence[Measured]) -> Measured:
    """The median of each figure."""
    return Measured(
        wall=statistics.median(one.wall for one in told),
        cpu=statistics.median(one.cpu for one in told),
        peak_mb=statistics.median(one.peak_mb for one in told),
    )


def once(argv: Sequence[str], *, before: Callable[[], object] | None = None) -> Measured:
    """Run a command once, after `before`, and measure it with all its children."""
    if before:
        before()
    watcher = [sys.executable, "-m", "benchmarks.measure", *argv]
    told = json.loads(subprocess.run(watcher, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return Measured(**told)


def main() -> None:
    """Run the command of the arguments and print its figures as JSON."""
    began = time.perf_counter()
    done = subprocess.run(sys.argv[1:], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.perf_counter() - began
    if done.returncode not in (0, 3):
        sys.exit(done.stderr)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
