"""The scripts that run in the boxed child: probe a delivery, and turn it into one FOCUS snapshot with its proofs.

One run does all of it, so that a bill is opened once: views `raw` and `charges`, the COPY, then small SELECTs over
what was written. `normalise.py` reads the answers and decides.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from bursar.domain.periods import Period
from bursar.ingestion.casts import identifier, quoted
from bursar.ingestion.columns import focus_columns
from bursar.ingestion.conformance import conformance_sql
from bursar.ingestion.families import Family, packaged
from bursar.ingestion.reading import DescribedFile, misread_relation, raw_relation
from bursar.ports import Script, Statement

COSTS = ("BilledCost", "EffectiveCost", "ContractedCost", "ListCost")
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 40960"
_BLOCK = re.compile(r"^-- (charges|variable|table|check): (?:([a-z0-9-_]+) — )?(.+)$", re.MULTILINE)
_LITERAL = re.compile(r"^  '(?P<value>[^']*)' AS (?P<name>\w+),?$", re.MULTILINE)
_MACROS = Statement(name="macros", sql=packaged("reading.sql"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a family's SQL is told about the delivery: constants of `raw`. Times are UTC."""

    source_format: str
    period: Period
    snapshot_id: str
    exported_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A part of a family's SQL files, opened by a comment: `-- <kind>: [<name> — ]<promise>`."""

    kind: str
    name: str
    promise: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An identity between the native bill and its FOCUS rows. The statement `check:<id>` returns (lhs, rhs, tolerance, detail)."""

    id: str
    promise: str
    sql: str


def probe_script(family: Family, files: Sequence[DescribedFile]) -> Script:
    """What a delivery holds. The statement `probe` returns (account, period, currency, rows, exported_at), a row per combination.

    `period` is YYYY-MM text. Raises BillError when a required column is missing.
    """
    probe = family.probe
    columns = f"{probe.account} AS account, {probe.period} AS period, {probe.currency} AS currency"
    sql = f"SELECT {columns}, count(*) AS rows, max({probe.exported_at}) AS exported_at FROM raw GROUP BY ALL ORDER BY ALL"
    view = f"CREATE TEMP VIEW raw AS {raw_relation(family, files)}"
    return Script(
        statements=(_MACROS, Statement(name="raw", sql=view), Statement(name="probe", sql=sql, returns=True)),
        reads=tuple(one.file.path for one in files),
    )


def normalise_script(family: Family, files: Sequence[DescribedFile], delivery: Delivery, *, out: Path, where: str = "") -> Script:
    """Native rows → one Parquet file `out` with every column of cost_and_usage, then what proves it.

    `where` keeps the rows of one period (SQL over `raw`). Answers by name:
    `sums` (BillingCurrency, rows, the four costs) · `invoices` (x_Provider, x_InvoiceKey, InvoiceId, InvoiceIssuerName,
    BillingAccountId, ChargeCategory, BillingCurrency, x_BillType, rows, billed) · `charge_types`
    (x_SourceChargeType, ChargeCategory, BillingCurrency, rows, billed, known) · `days` (min_day, max_day) · `accounts`
    (BillingAccountId, BillingPeriodStart, rows) · `raw_rows` (rows) · `conformance` (see `conformance.findings`) ·
    `check:<id>` (lhs, rhs, tolerance, detail).
    Raises BillError when a required column is missing.
    """
    raw = raw_relation(family, files, constants=_constants(delivery), where=where)
    references = [Statement(name=f"reference:{one}", sql=_reference(one)) for one in family.references]
    return Script(
        statements=(
            *references,
            _MACROS,
            Statement(name="family macros", sql=packaged("focus/macros.sql")),
            Statement(name="raw", sql=f"CREATE TEMP VIEW raw AS {raw}"),
            *_charges(family),
            Statement(name="copy", sql=_copy(family, files, delivery, out)),
            Statement(name="focus", sql=f"CREATE TEMP VIEW focus AS SELECT * FROM read_parquet({quoted(str(out))})"),
            *_proofs(family),
        ),
        reads=(*(one.file.path for one in files), *(_reference_path(one) for one in family.references)),
        writes=out.parent,
    )


def misread_script(family: Family, files: Sequence[DescribedFile]) -> Script:
    """Which value of a delivery cannot be read, for after a script failed. `misread` returns (source_file, name, value)."""
    return Script(
        statements=(_MACROS, Statement(name="misread", sql=misread_relation(family, files), returns=True)),
        reads=tuple(one.file.path for one in files),
    )


def checks(family: Family) -> tuple[Check, ...]:
    """The family's identities, from its `.checks.sql`."""
    return tuple(Check(id=one.name, promise=one.promise, sql=one.sql) for one in _blocks(family.checks) if one.kind == "check")


def _charges(family: Family) -> tuple[Statement, ...]:
    """What a family has to know of the whole delivery first (`-- variable:`), then its SELECT."""
    blocks = _blocks(family.sql)
    variables = (Statement(name=one.name, sql=f"SET VARIABLE {one.name} = ({one.sql})") for one in blocks if one.kind == "variable")
    select = next((one.sql for one in blocks if one.kind == "charges"), family.sql)
    return (*variables, Statement(name="charges", sql=f"CREATE TEMP VIEW charges AS {select}"))


def _proofs(family: Family) -> tuple[Statement, ...]:
    selects = {
        "sums": f"SELECT BillingCurrency, count(*) AS rows, {_summed()} FROM focus GROUP BY ALL ORDER BY ALL",
        "invoices": "SELECT x_Provider, x_InvoiceKey, InvoiceId, InvoiceIssuerName, "
        "BillingAccountId, ChargeCategory, BillingCurrency, x_BillType, "
        "count(*) AS rows, sum(BilledCost) AS billed FROM focus GROUP BY ALL ORDER BY ALL",
        "charge_types": f"SELECT x_SourceChargeType, ChargeCategory, BillingCurrency, count(*) AS rows, sum(BilledCost) AS billed, "
        f"{_known(family)} AS known FROM focus GROUP BY ALL ORDER BY ALL",
        "days": "SELECT min(ChargePeriodStart)::DATE AS min_day, max(ChargePeriodStart)::DATE AS max_day FROM focus",
        "accounts": "SELECT BillingAccountId, BillingPeriodStart, count(*) AS rows FROM focus GROUP BY ALL ORDER BY ALL",
        "raw_rows": "SELECT count(*) AS rows FROM raw",
        "conformance": conformance_sql(),
    }
    tables = (
        Statement(name=f"table:{one.name}", sql=f"CREATE TEMP TABLE {one.name} AS {one.sql}")
        for one in _blocks(family.checks)
        if one.kind == "table"
    )
    named = (Statement(name=name, sql=sql, returns=True) for name, sql in selects.items())
    identities = (Statement(name=f"check:{check.id}", sql=check.sql, returns=True) for check in checks(family))
    return (*named, *tables, *identities)


def _copy(family: Family, files: Sequence[DescribedFile], delivery: Delivery, out: Path) -> str:
    """Exactly our columns, in order: those the family gives, the rest typed NULLs.

    Level 1 of zstd: on amounts it packs as well as level 3, in half the time. Small row groups: each thread holds one
    of them, and at three times the size 640 MB do not hold two.
    """
    values = {name: identifier(name) for name in _given(family)}
    closed = {one.name: one.allowed for one in focus_columns() if one.allowed and family.closed}
    closed["x_SourceFile"] = tuple(dict.fromkeys(one.file.key for one in files))
    for name, value in (*_literals(family), *_stamps(family, delivery)):
        values[name], closed[name] = quoted(value), (value,)
    listed = ",\n  ".join(
        f"CAST({values.get(one.name, 'NULL')} AS {_written_type(one.type, closed.get(one.name, ()))}) AS {identifier(one.name)}"
        for one in focus_columns()
    )
    return f"COPY (\n  SELECT {listed}\n  FROM charges\n) TO {quoted(str(out))} ({_PARQUET})"


def _literals(family: Family) -> Iterator[tuple[str, str]]:
    """The columns to which a family's SQL gives one text."""
    for found in _LITERAL.finditer(family.sql):
        yield found["name"], found["value"]


def _stamps(family: Family, delivery: Delivery) -> Iterator[tuple[str, str]]:
    """The columns that say where a row is from: the same in every row."""
    if family.provider:
        yield "x_Provider", family.provider
    yield "x_SourceFormat", delivery.source_format
    yield "x_SnapshotId", delivery.snapshot_id


def _written_type(kind: str, values: Sequence[str]) -> str:
    """The type a column is written with: an ENUM where its values are known.

    Parquet holds the same text either way, but the writer need not look each row up in a dictionary: three times faster.
    """
    return f"ENUM ({', '.join(map(quoted, values))})" if values else kind


def _given(family: Family) -> set[str]:
    """The FOCUS columns a family's SQL gives: those it names."""
    named = set(re.findall(r"\w+", family.sql))
    return {one.name for one in focus_columns() if one.name in named}


def _constants(delivery: Delivery) -> dict[str, str]:
    exported = "CAST(NULL AS TIMESTAMP)"
    if delivery.exported_at is not None:
        exported = f"make_timestamp({round(delivery.exported_at.timestamp() * 1_000_000)})"
    return {
        "source_format": quoted(delivery.source_format),
        "period_start": f"TIMESTAMP '{delivery.period.start} 00:00:00'",
        "period_end": f"TIMESTAMP '{delivery.period.end} 00:00:00'",
        "exported_at": exported,
    }


def _summed() -> str:
    return ", ".join(f"sum({cost}) AS {cost}" for cost in COSTS)


def _known(family: Family) -> str:
    if not family.charge_types:
        return "true"
    return " OR ".join(f"coalesce(x_SourceChargeType, '') GLOB {quoted(one)}" for one in family.charge_types)


def _reference(stem: str) -> str:
    path = quoted(str(_reference_path(stem)))
    return f"CREATE TEMP TABLE {stem} AS SELECT * FROM read_csv({path}, header=true, all_varchar=true, delim=',', quote='\"')"


def _reference_path(stem: str) -> Path:
    with resources.as_file(resources.files("bursar.ingestion").joinpath(f"reference/{stem}.csv")) as path:
        return path


def _blocks(sql: str) -> list[_Block]:
    pieces = _BLOCK.split(sql)[1:]
    parts = zip(*(iter(pieces),) * 4, strict=True)
    return [_Block(kind=kind, name=name or "", promise=promise, sql=body.strip().rstrip(";")) for kind, name, promise, body in parts]
