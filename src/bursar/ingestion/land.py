"""Landing: the delivered bytes, hashed and copied into the lake once, before anything reads them.

The raw snapshot's id is the SHA-256 over its parts' digests and sizes, whatever they are called: the same bytes
delivered again are known at once. Azure's actual and amortised exports may be the same bytes and are two deliveries.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from bursar.domain.errors import BillError
from bursar.ingestion.deliveries import Delivery, Part
from bursar.ingestion.reading import BillFile, FileKind
from bursar.lake import layout, snapshots
from bursar.lake.snapshots import Snapshot, SnapshotFile

CHUNK = 1 << 20
MIXED = "mixed"
ROLES = frozenset({"actual", "amortised"})
"""What a paired delivery may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """A delivery's identity: the raw snapshot's id, and each part's digest in the order of the parts."""

    id: str
    digests: tuple[str, ...]
    bytes: int


def fingerprint(delivery: Delivery) -> Fingerprint:
    """Hash every part. Raises BillError when a part cannot be read or has not the size its manifest promised."""
    digests: list[str] = []
    sizes: list[int] = []
    for part in delivery.parts:
        try:
            with part.path.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise BillError(f"{part.key}: cannot be read: {error.strerror}", cure="Check the file's permissions.") from error
        sizes.append(_size(part))
    told = sorted(f"{digest} {size}" for digest, size in zip(digests, sizes, strict=True))
    if delivery.role in ROLES:
        told.append(delivery.role)
    whole = hashlib.sha256("\n".join(told).encode())
    return Fingerprint(id=whole.hexdigest(), digests=tuple(digests), bytes=sum(sizes))


def land(
    delivery: Delivery, mark: Fingerprint, *, lake: Path, store: sa.Engine, now: datetime, holds: Sequence[tuple[str, str]] = ()
) -> Snapshot:
    """Copy a delivery into the lake and record it.

    Raises BillError when a part changed since it was hashed. `holds` are the (source, period) pairs its rows belong to, where
    it is not the delivery of just one.
    """
    source = delivery.source or f"loose-{delivery.format}"
    period = delivery.period or MIXED
    folder = layout.snapshot_folder(lake, "raw", source, period, mark.id)
    with layout.staged(folder) as part:
        snapshot = Snapshot(
            id=mark.id,
            layer="raw",
            source=source,
            period=period,
            format=delivery.format,
            role=delivery.role,
            state="live",
            rows=delivery.rows or 0,
            files=tuple(_landed(delivery, mark, part, path=folder.relative_to(lake))),
            detail={
                "name": delivery.name,
                "kinds": [delivered.kind for delivered in delivery.parts],
                "rows": delivery.rows,
                "holds": [list(place) for place in holds],
            },
            exported_at=delivery.exported_at,
            seen_at=now,
            landed_at=now,
        )
        layout.settle(part, folder, snapshots.to_row(snapshot))
    with store.begin() as connection:
        snapshots.record(connection, snapshot)
    return snapshot


def bill_files(lake: Path, raws: Sequence[Snapshot]) -> list[BillFile]:
    """The landed parts of raw snapshots, as the reading layer wants them. Azure's role decides `actual` or `amortised`."""
    found: list[BillFile] = []
    for raw in raws:
        kinds = cast("list[FileKind]", raw.detail["kinds"])
        role = raw.role if raw.role in ROLES else ""
        found += [
            BillFile(path=lake / file.path, key=file.table, kind=kind, role=role) for file, kind in zip(raw.files, kinds, strict=True)
        ]
    return found


def _landed(delivery: Delivery, mark: Fingerprint, part: Path, *, path: Path) -> Iterable[SnapshotFile]:
    for index, (delivered, digest) in enumerate(zip(delivery.parts, mark.digests, strict=True)):
        name = f"part-{index:04d}{_suffix(delivered.path)}"
        _copy(delivered, part / name, digest)
        size = (part / name).stat().st_size
        yield SnapshotFile(path=str(path / name), table=delivered.key, rows=delivered.rows or 0, bytes=size, sha256=digest)


def _copy(delivered: Part, to: Path, digest: str) -> None:
    """Copy and hash again: what is landed is what was identified."""
    running = hashlib.sha256()
    try:
        source = delivered.path.open("rb")
    except OSError as error:
        raise BillError(f"{delivered.key}: went away while it was read", cure="Ingest it again once it is written completely.") from error
    with source, to.open("wb") as target:
        while chunk := source.read(CHUNK):
            running.update(chunk)
            target.write(chunk)
    if running.hexdigest() != digest:
        raise BillError(f"{delivered.key}: changed while it was read", cure="Ingest it again once it is written completely.")


def _size(part: Part) -> int:
    size = part.path.stat().st_size
    if part.bytes is not None and part.bytes != size:
        raise BillError(
            f"{part.key}: {size:,} bytes, but its manifest says {part.bytes:,}",
            cure="Copy the export again; the file is truncated or newer than its manifest.",
        )
    return size


def _suffix(path: Path) -> str:
    """The suffixes the engine reads a file by: `.csv.gz`, `.snappy.parquet` → `.parquet`."""
    name = path.name.lower()
    packed = ".gz" if name.endswith(".gz") else ""
    stem = Path(name.removesuffix(".gz"))
    return (stem.suffix or ".csv") + packed
