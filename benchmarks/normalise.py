"""A month of CUR 2.0 to FOCUS, beside an untransformed copy and beside polars.

`python -m benchmarks.normalise 0|a|a3|b|c|d FILE…` does one once.
0: what a, b and c all begin with: the process, a look at the files, the box, and nothing done in it.
a: the native columns copied as they are, in the same box (`a3`: at the zstd level DuckDB takes when not told).
b: bursar's own COPY. c: b and all its proofs. d: the same in polars.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import RUNS, SCRATCH, Measured, median, once
from benchmarks.pipeline import bills
from benchmarks.report import Line

ROWS = int(os.environ.get("BENCH_ROWS", "3480000"))
"""Asked of the simulator for about 2.3 million rows of CUR 2.0."""

COPIES = 4
"""How many times the month is listed for the big measurement."""

COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")


def lines() -> Iterator[Line]:
    """Every figure of normalising."""
    files = _month()
    told: dict[str, list[Measured]] = {way: [] for way in ("0", "a", "a3", "b", "c", "d")}
    for _ in range(RUNS):  # taken in turns, so that a slower minute falls on all alike
        for way, runs in told.items():
            runs.append(_once(way, files))
    begun, copied, packed, own, proven, polars = (median(runs) for runs in told.values())
    rows = _same_sums()
    yield Line(
        what=f"{rows:,} rows CUR 2.0 → FOCUS, CPU beside an untransformed COPY of the same columns",
        value=f"{(own.cpu - begun.cpu) / (copied.cpu - begun.cpu):.2f}x",
        aim="≤ 1.25x",
        beside=f"CPU {own.cpu:.1f} s to {copied.cpu:.1f} s, wall {own.wall:.1f} s to {copied.wall:.1f} s; "
        f"the {begun.cpu:.1f} s CPU of starting left out of the ratio",
    )
    yield Line(
        what="  beside such a COPY at DuckDB's own zstd level",
        value=f"{(own.cpu - begun.cpu) / (packed.cpu - begun.cpu):.2f}x",
        aim="",
        beside=f"CPU {packed.cpu:.1f} s",
    )
    yield Line(
        what="  beside the same in polars",
        value=f"{own.cpu / polars.cpu:.2f}x",
        aim="≤ 1.05x",
        beside=f"polars: CPU {polars.cpu:.1f} s, wall {polars.wall:.1f} s, {polars.peak_mb:.0f} MB",
    )
    yield Line(what="  rows per core-second", value=f"{rows / own.cpu:,.0f}", aim="≥ 180,000")
    yield Line(
        what="  with all its proofs",
        value=f"{proven.cpu / own.cpu:.2f}x",
        aim="",
        beside=f"CPU {proven.cpu:.1f} s, {proven.peak_mb:.0f} MB",
    )
    yield Line(what="  peak memory", value=f"{own.peak_mb:.0f} MB", aim="≤ 1 GB")
    big = _once("b", _linked(files))
    yield Line(
        what=f"  peak memory at {COPIES * rows:,} rows",
        value=f"{big.peak_mb:.0f} MB",
        aim="≤ 1 GB",
        beside=f"{big.peak_mb / own.peak_mb:.2f}x, to stay ≤ 1.10x; {COPIES * rows / big.cpu:,.0f} rows per core-second",
    )


def main() -> None:
    """Do one of the ways once."""
    way, *names = sys.argv[1:]
    files = [Path(name).resolve() for name in names]
    out = _out(way)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    if way == "d":
        os.environ["POLARS_MAX_THREADS"] = "2"
        from benchmarks import polars_aws

        polars_aws.write(files, out)
        return
    _boxed(way, files, out)


def _boxed(way: str, files: Sequence[Path], out: Path) -> None:
    """One script in the ingest child, which is all that differs between the ways."""
    from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
    from bursar.domain.periods import Period
    from bursar.ingestion.families import family_of
    from bursar.ingestion.reading import BillFile, describe_script, described
    from bursar.ingestion.scripts import Delivery, normalise_script
    from bursar.ports import Script, Statement

    warehouse = DuckDBWarehouse((SCRATCH / "box").resolve())
    bill = [BillFile(path=path, key=path.name, kind="parquet") for path in files]
    answers = {one.name: warehouse.rows(one.sql, reads=files) for one in describe_script(bill).statements}
    found, family = described(bill, answers), family_of("aws-cur2")
    if way == "0":
        warehouse.run(Script(statements=(Statement(name="nothing", sql="SELECT 1"),), reads=tuple(files), writes=out.parent))
        return
    if way in {"a", "a3"}:
        names = ", ".join(f'"{name}"' for name, _ in found[0].columns if _wanted(family.folded(name)))
        level = ", COMPRESSION_LEVEL 1" if way == "a" else ""
        listed = ", ".join(f"'{path}'" for path in files)
        copy = f"COPY (SELECT {names} FROM read_parquet([{listed}])) TO '{out}' (FORMAT parquet, COMPRESSION zstd{level})"
        warehouse.run(Script(statements=(Statement(name="copy", sql=copy),), reads=tuple(files), writes=out.parent))
        return
    period = next(part.partition("=")[2] for part in files[0].parts if part.startswith("BILLING_PERIOD="))
    delivery = Delivery(source_format="aws-cur2", period=Period.parse(period), snapshot_id="0" * 64)
    script = normalise_script(family, found, delivery, out=out)
    if way == "b":
        stop = [statement.name for statement in script.statements].index("focus")
        script = replace(script, statements=script.statements[:stop])
    warehouse.run(script)


def _wanted(folded: str) -> bool:
    """Whether bursar reads the column: by its name, an alias, as the map an alias reaches into, or as one of a prefix."""
    from bursar.ingestion.families import family_of

    family = family_of("aws-cur2")
    spellings = (spelling for name, column in family.columns.items() for spelling in (name, *column.aliases))
    prefixes = tuple(prefix for column in family.columns.values() for prefix in column.prefix)
    return folded in {family.folded(one.partition(".")[0]) for one in spellings} or folded.startswith(prefixes)


def _month() -> list[Path]:
    """The files of the newest export of the simulated month."""
    folder = bills(f"normalise-{ROWS}", "--clouds", "aws", "--months", "1", "--rows", str(ROWS)) / "aws" / "cur2"
    newest = max(path.parent for path in folder.glob("*/data/*/*/*.parquet"))
    return sorted(newest.glob("*.parquet"))


def _linked(files: Sequence[Path]) -> list[Path]:
    """The same files several times, as parts of one delivery."""
    folder = SCRATCH / f"linked-{ROWS}" / files[0].parents[1].name
    folder.mkdir(parents=True, exist_ok=True)
    linked = [(file, folder / f"{copy}-{file.name}") for copy in range(COPIES) for file in files]
    for file, link in linked:
        if not link.exists():
            os.link(file, link)
    return [link for _, link in linked]


def _once(way: str, files: Sequence[Path]) -> Measured:
    return once([sys.executable, "-m", "benchmarks.normalise", way, *map(str, files)])


def _out(way: str) -> Path:
    return (SCRATCH / "normalised" / way / "part-0000.parquet").resolve()


def _same_sums() -> int:
    """Rows of the month, once both ways are proven to give the same rows and the same four sums."""
    import duckdb

    summed = ", ".join(f"sum({cost})" for cost in COSTS)
    answers = [duckdb.sql(f"SELECT count(*), {summed} FROM read_parquet('{_out(way)}')").fetchall()[0] for way in ("b", "d")]
    for own, other in zip(*answers, strict=True):
        assert abs(own - other) <= Decimal("0.000001") * abs(own), f"polars gives {other}, bursar {own}"
    return int(answers[0][0])


if __name__ == "__main__":
    main()
