"""One delivery's native rows become one FOCUS snapshot per billing period, proven before it exists.

Describe, probe and normalise run in the boxed child; what is decided here is only whether the answers add up.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from pathlib import Path

from bursar.domain.errors import BillError, ConfigError, OverLimit
from bursar.domain.money import plain
from bursar.domain.periods import Period, stamp
from bursar.domain.wording import count
from bursar.ingestion.casts import quoted
from bursar.ingestion.conformance import findings
from bursar.ingestion.currencies import CODES
from bursar.ingestion.deliveries import Dating
from bursar.ingestion.families import Family, family_of
from bursar.ingestion.land import bill_files
from bursar.ingestion.manifests import slug
from bursar.ingestion.reading import BillFile, DescribedFile, describe_script, described
from bursar.ingestion.scripts import Delivery as Told
from bursar.ingestion.scripts import checks, misread_script, normalise_script, probe_script
from bursar.ingestion.weigh import check_weight, weigh_statements
from bursar.lake import layout, snapshots
from bursar.lake.snapshots import Snapshot, SnapshotFile, Sums
from bursar.ports import Rows, Script, Warehouse

TABLE = "cost_and_usage"
NO_CHARGES = "If nothing was charged there is nothing to do, and what was published stays; else export the month again."
"""The cure of a bill without rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What a delivery holds for one billing period: whose bill, how many rows, and how new they are."""

    account: str
    period: str
    rows: int
    exported_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One FOCUS snapshot to be made: from these raw snapshots, for this source and billing period.

    `again`: the same was made before and has been superseded since; its new delivery is one of its own.
    """

    raws: tuple[Snapshot, ...]
    source: str
    period: str
    format: str
    exported_at: datetime | None
    dated: Dating = "export"
    again: bool = False

    @property
    def id(self) -> str:
        """The snapshot's id: its inputs, its place and the digest of all code that makes it."""
        told = [
            *sorted(raw.id for raw in self.raws),
            *sorted(raw.role for raw in self.raws),
            self.source,
            self.period,
            code_digest(self.format),
            *([stamp(self.exported_at)] if self.again and self.exported_at else []),
        ]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


@cache
def code_digest(source_format: str) -> str:
    """SHA-256 over everything that decides a format's FOCUS rows: its three files, the columns, the reading layer, the references."""
    family = family_of(source_format)
    package = resources.files("bursar.ingestion")
    names = [f"focus/{family.name}{suffix}" for suffix in (".yaml", ".sql", ".checks.sql")]
    names += ["focus/columns.yaml", "focus/macros.sql", "reading.sql"]
    names += ["casts.py", "families.py", "ndjson.py", "nested.py", "reading.py", "scripts.py"]
    names += [f"reference/{name}.csv" for name in family.references]
    digest = hashlib.sha256()
    for name in names:
        digest.update(package.joinpath(name).read_bytes())
    return digest.hexdigest()


def describe(raws: Sequence[Snapshot], *, lake: Path, warehouse: Warehouse) -> tuple[DescribedFile, ...]:
    """The landed files with their columns; blank ones left out. Raises BillError for a damaged file."""
    return look(bill_files(lake, raws), warehouse=warehouse)


def look(files: Sequence[BillFile], *, warehouse: Warehouse) -> tuple[DescribedFile, ...]:
    """Files with their columns, weighed first. Raises BillError for a damaged file, OverLimit for one that unpacks to far too much."""
    script = describe_script(files)
    answers = warehouse.run(replace(script, statements=(*weigh_statements(files), *script.statements)))
    check_weight(files, answers)
    return described(files, answers)


def probe(source_format: str, files: Sequence[DescribedFile], *, warehouse: Warehouse) -> list[Probed]:
    """What loose files hold, one entry per account and billing period."""
    family = family_of(source_format)
    answer = _run(probe_script(family, files), family, files=files, warehouse=warehouse)["probe"]
    found: dict[tuple[str, str], Probed] = {}
    for account, period, _currency, rows, exported_at in answer.rows:
        if account is None or period is None:
            lacking = f"{files[0].file.key}: {count(_int(rows), 'row')} without a billing account or period"
            raise BillError(lacking, cure="Export these columns too.")
        place = (str(account), str(period))
        held = found.get(place)
        newest = max(filter(None, (_utc(exported_at), held and held.exported_at)), default=None)
        together = _int(rows) + (held.rows if held else 0)
        found[place] = Probed(account=place[0], period=_month(place[1], files[0].file.key), rows=together, exported_at=newest)
    return list(found.values())


def _month(text: str, name: str) -> str:
    """A billing period as rows tell it. Raises BillError for a month no bill is of."""
    try:
        return str(Period.parse(text))
    except ConfigError as error:
        raise BillError(f"{name}: holds charges billed in {text[:40]!r}", cure="Export the bill again with its billing periods.") from error


def source_name(source_format: str, account: str) -> str:
    """The source of a loose file: its format and billing account; one name per bill whatever the file is called."""
    prefix = {"gcp-detailed": "gcp", "azure-cost": "azure"}.get(source_format, source_format)
    return slug(f"{prefix}-{account}")


def settled(work: Work, *, lake: Path) -> Snapshot | None:
    """The FOCUS snapshot of a piece of work that was made before; None while there is none."""
    manifest = layout.read_manifest(layout.snapshot_folder(lake, "focus", work.source, work.period, work.id))
    return snapshots.from_row(manifest) if manifest else None


def normalise(work: Work, files: Sequence[DescribedFile], *, lake: Path, warehouse: Warehouse, where: str = "") -> Snapshot:
    """Make the FOCUS snapshot of a piece of work and settle it in the lake, state `staged`.

    A snapshot that a run before this one already settled is taken as it stands. Raises BillError when an identity of
    the format, a row count or a MUST of FOCUS does not hold; nothing is left behind then.
    """
    if made := settled(work, lake=lake):
        return made
    folder = layout.snapshot_folder(lake, "focus", work.source, work.period, work.id)
    family = family_of(work.format)
    told = Told(source_format=work.format, period=Period.parse(work.period), snapshot_id=work.id, exported_at=work.exported_at)
    with layout.staged(folder) as part:
        out = part / "part-0000.parquet"
        answers = _run(normalise_script(family, files, told, out=out, where=where), family, files=files, warehouse=warehouse)
        _prove(work, family, answers, files[0].file.key if files else work.source)
        snapshot = _snapshot(work, answers, out, path=str((folder / out.name).relative_to(lake)))
        layout.settle(part, folder, snapshots.to_row(snapshot))
    return snapshot


def only(period: str, account: str, source_format: str) -> str:
    """SQL over `raw` that keeps one billing period of one account, for a loose file that holds several."""
    probe_sql = family_of(source_format).probe
    return f"({probe_sql.period}) = {quoted(period)} AND ({probe_sql.account}) = {quoted(account)}"


def _run(script: Script, family: Family, *, files: Sequence[DescribedFile], warehouse: Warehouse) -> Mapping[str, Rows]:
    """Run a script over a bill. Where a value cannot be read the BillError names its file, column and text."""
    try:
        return warehouse.run(script)
    except OverLimit:
        raise
    except BillError as error:
        found = warehouse.run(misread_script(family, files))["misread"].rows
        if not found:
            raise
        key, column, value = found[0]
        kind = "a date" if family.columns[str(column)].type == "time" else "an amount"
        raise BillError(
            f"{key}: column {column} holds {str(value)[:80]!r}, which is not {kind}", cure="Export the bill again; nothing of it was taken."
        ) from error


def _prove(work: Work, family: Family, answers: Mapping[str, Rows], name: str) -> None:
    rows = _int(answers["raw_rows"].rows[0][0])
    promised = [raw.detail.get("rows") for raw in work.raws]
    if promised and all(isinstance(count, int) for count in promised) and sum(map(_int, promised)) != rows:
        told = f"{name}: {count(rows, 'row')}, but its manifest says {sum(map(_int, promised)):,}"
        raise BillError(told, cure="Copy the export again, manifest last.")
    if not rows or not answers["sums"].rows:
        raise BillError(f"{name}: holds no charges, not a row", cure=NO_CHARGES)
    for currency in (str(row[0]) for row in answers["sums"].rows):
        if currency not in CODES:
            raise BillError(f"{name}: unknown currency {currency!r}", cure="Export the bill in a currency of ISO 4217, such as USD.")
    others = {str(row[1])[:7] for row in answers["accounts"].rows} - {work.period}
    if others:
        raise BillError(
            f"{name}: named {work.period}, but holds charges billed in {', '.join(sorted(others))}",
            cure="Deliver each billing period as its own export.",
        )
    broken = [told for check in checks(family) for told in _broken(check.id, check.promise, answers[f"check:{check.id}"])]
    if broken:
        raise BillError(
            f"{name}: does not add up: {'; '.join(broken[:3])}", cure="Export the month again; if it stays, the export was edited or cut."
        )
    if failed := [str(breach) for breach in findings(answers["conformance"]) if breach.level == "must"]:
        raise BillError(
            f"{name}: breaks FOCUS: {'; '.join(failed[:3])}", cure="Ask whoever writes the file to mend it, or report its format."
        )


def _broken(name: str, promise: str, answer: Rows) -> Iterable[str]:
    for left, right, tolerance, detail in answer.rows:
        gap = abs(_decimal(left) - _decimal(right))
        if gap > _decimal(tolerance):
            yield f"{name} ({promise}): {plain(_decimal(left))} is not {plain(_decimal(right))} [{detail}]"


def _snapshot(work: Work, answers: Mapping[str, Rows], out: Path, *, path: str) -> Snapshot:
    rows = sum(_int(row[1]) for row in answers["sums"].rows)
    first, last = answers["days"].rows[0]
    with out.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    file_row = SnapshotFile(
        path=path,
        table=TABLE,
        rows=rows,
        bytes=out.stat().st_size,
        sha256=digest,
        min_day=first if isinstance(first, date) else None,
        max_day=last if isinstance(last, date) else None,
    )
    return Snapshot(
        id=work.id,
        layer="focus",
        source=work.source,
        period=work.period,
        format=work.format,
        role="bill",
        state="staged",
        input_ids=tuple(raw.id for raw in work.raws),
        code_digest=code_digest(work.format),
        rows=rows,
        files=(file_row,),
        sums={
            str(row[0]): Sums(billed=_decimal(row[2]), effective=_decimal(row[3]), contracted=_decimal(row[4]), list=_decimal(row[5]))
            for row in answers["sums"].rows
        },
        detail={
            "name": " and ".join(str(raw.detail["name"]) for raw in work.raws),
            "dated": work.dated,
            "invoices": _records(answers["invoices"]),
            "charge_types": _records(answers["charge_types"]),
            "conformance": [str(breach) for breach in findings(answers["conformance"]) if breach.level == "should"],
            "accounts": sorted({str(row[0]) for row in answers["accounts"].rows}),
        },
        exported_at=work.exported_at,
        seen_at=min(raw.seen_at for raw in work.raws),
        landed_at=max(raw.landed_at or raw.seen_at for raw in work.raws),
    )


def _records(answer: Rows) -> list[dict[str, object]]:
    """Rows as JSON-ready records; decimals as plain strings."""
    return [
        {name: plain(value) if isinstance(value, Decimal) else value for name, value in zip(answer.columns, row, strict=True)}
        for row in answer.rows
    ]


def _decimal(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(0)


def _int(value: object) -> int:
    return int(str(value))


def _utc(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
