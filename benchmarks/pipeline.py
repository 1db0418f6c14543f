"""The pipeline as a user runs it: a 769,000-row month from the folder to the page, the same again, and the demo."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import RUNS, SCRATCH, measured, once
from benchmarks.report import Line

BURSAR = str(Path(sys.executable).with_name("bursar"))
MONTH_ROWS = 1_250_000
"""Asked of the simulator for about 769,000 rows of CUR 2.0: the rest is the legacy report of the second payer."""


def bills(name: str, *options: str) -> Path:
    """A folder of simulated bills, made once."""
    folder = SCRATCH / name
    if not (folder / "truth.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([BURSAR, "-q", "simulate", "--out", str(folder), *options], check=True)
    return folder


def lines() -> Iterator[Line]:
    """Every figure of the pipeline."""
    folder = bills("month", "--clouds", "aws", "--months", "1", "--rows", str(MONTH_ROWS))
    month, invoices = folder / "aws" / "cur2", folder / "invoices"
    home = SCRATCH / "home"
    ingest = [BURSAR, "--home", str(home), "ingest", str(month), str(invoices)]
    published = measured(ingest, runs=min(RUNS, 3), before=lambda: shutil.rmtree(home, ignore_errors=True))
    rows = _rows(home)
    yield Line(what=f"{rows:,}-row CUR 2.0 month: landed → reconciled → published", value=f"{published.wall:.1f} s", aim="≤ 10 s")
    yield Line(
        what="  of it CPU, and peak of the largest process", value=f"{published.cpu:.1f} s, {published.peak_mb:.0f} MB", aim="≤ 1 GB"
    )
    light = measured([BURSAR, "--home", str(home), "costs", "--format", "json"])
    again = measured(ingest)
    yield Line(what="the same month delivered again", value=f"{again.wall:.2f} s", aim="", beside=f"a light verb: {light.wall:.2f} s")
    yield Line(what="  beyond starting the command", value=f"{max(0.0, again.wall - light.wall):.2f} s", aim="< 0.2 s")
    yield from _demo()


def _rows(home: Path) -> int:
    import duckdb

    found = duckdb.sql(f"SELECT count(*) FROM read_parquet('{home}/lake/focus/*/*/*/part-0000.parquet')").fetchone()
    return int(found[0]) if found else 0


def _demo() -> Iterator[Line]:
    home = SCRATCH / "demo"
    told = once([BURSAR, "--home", str(home), "demo", "--once"], before=lambda: shutil.rmtree(home, ignore_errors=True))
    yield Line(what="bursar demo --once, the whole story", value=f"{told.wall:.0f} s", aim="≤ 60 s", beside=f"CPU {told.cpu:.0f} s")
    for verb, aim in (("--version", "≤ 60 ms"), ("--help", "≤ 200 ms")):
        start = measured([BURSAR, verb])
        yield Line(what=f"bursar {verb}", value=f"{start.wall * 1000:.0f} ms", aim=aim)
    wheel = Path(".tools/wheel")
    if wheel.exists():
        size = sum(path.stat().st_size for path in wheel.rglob("*") if path.is_file() and not path.is_symlink())
        yield Line(what="installed size (wheel and dependencies)", value=f"{size / 1e6:.0f} MB", aim="≤ 320 MB")
