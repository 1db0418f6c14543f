"""Rollup questions over thirteen months: the page's own, through the catalogue, in the reader's box."""

import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import SCRATCH
from benchmarks.pipeline import BURSAR, bills
from benchmarks.report import Line
from bursar.bootstrap import Options, open_bursar
from bursar.query.ask import ask
from bursar.query.question import read_query

MONTHS = 13
ROWS_A_MONTH = 770_000
REPEATS = 40

QUESTIONS = (
    {"group_by": "team", "window": "{year}", "granularity": "month"},
    {"group_by": "team", "window": "30d", "granularity": "day"},
    {"group_by": "service", "window": "30d", "granularity": "total", "top": "10"},
    {"group_by": "provider", "window": "{year}", "granularity": "month"},
    {"group_by": "service_name", "period": "{last}", "granularity": "day", "filter": "provider = 'aws'"},
    {"group_by": "env", "window": "{year}", "granularity": "month", "filter": "team = 'payments'"},
)


def lines() -> Iterator[Line]:
    """p50 and p99 of the rollup questions."""
    home = _published()
    house = open_bursar(Options(home=home))
    generation = house.lake.head()
    if generation is None:
        raise SystemExit("nothing was published")
    rows = sum(file.rows for file in generation.of("cost_and_usage"))
    periods = generation.periods()
    seconds: list[float] = []
    for _ in range(REPEATS):
        for question in QUESTIONS:
            parts = {name: part.format(year=f"{periods[0]}-01..{periods[-1]}-01", last=periods[-1]) for name, part in question.items()}
            began = time.perf_counter()
            ask(read_query(parts), generation=generation, warehouse=house.warehouse)
            seconds.append(time.perf_counter() - began)
    told = sorted(seconds[len(QUESTIONS) :])
    p50, p99 = statistics.median(told), told[int(len(told) * 0.99)]
    yield Line(what=f"rollups over {len(periods)} months, {rows:,} lines: p50", value=f"{p50 * 1000:.0f} ms", aim="≤ 40 ms")
    yield Line(what="  p99", value=f"{p99 * 1000:.0f} ms", aim="≤ 100 ms", beside=f"{len(told)} questions")


def _published() -> Path:
    """A state folder with thirteen months published, made once."""
    home = SCRATCH / "year"
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        folder = bills("year-bills", "--clouds", "aws,gcp", "--from", "2025-10", "--months", str(MONTHS), "--rows", str(ROWS_A_MONTH))
        subprocess.run([BURSAR, "-q", "--home", str(home), "ingest", *map(str, sorted(folder.iterdir()))], check=False)
        (home / "done").touch()
    return home
