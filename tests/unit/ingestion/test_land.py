"""Landing: the bytes that were delivered, known by their content, in the lake whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.domain.errors import BillError
from bursar.ingestion.deliveries import Delivery, Part
from bursar.ingestion.land import Fingerprint, bill_files, fingerprint, land
from bursar.lake import layout, snapshots
from bursar.lake.snapshots import Snapshot
from bursar.store.database import open_store

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def store() -> sa.Engine:
    """A migrated database in memory."""
    return open_store("sqlite://")


def delivery(folder: Path, **files: bytes) -> Delivery:
    """A delivery of these files."""
    parts: list[Part] = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        parts.append(Part(path=path, key=f"bucket/{name}.csv", kind="csv"))
    return Delivery(name="bucket", format="aws-cur", parts=tuple(parts), source="aws-cur-x", period="2026-10", rows=5)


def landed(bill: Delivery, mark: Fingerprint, lake: Path, store: sa.Engine) -> Snapshot:
    """The delivery in the lake."""
    return land(bill, mark, lake=lake, store=store, now=NOW)


def test_the_same_bytes_are_the_same_delivery_whatever_they_are_called(tmp_path: Path) -> None:
    """Order and names of the parts do not matter; one byte or one more part does."""
    one = fingerprint(delivery(tmp_path / "a", x=b"1", y=b"2")).id
    assert fingerprint(delivery(tmp_path / "b", q=b"2", r=b"1")).id == one
    assert fingerprint(delivery(tmp_path / "c", x=b"1", y=b"3")).id != one
    assert fingerprint(delivery(tmp_path / "d", x=b"1", y=b"2", z=b"")).id != one
    assert fingerprint(delivery(tmp_path / "e", x=b"12")).id != one


def test_actual_and_amortised_exports_may_be_the_same_bytes(tmp_path: Path) -> None:
    """Without commitments Azure's two exports are equal, and still two deliveries."""
    bill = delivery(tmp_path, x=b"1")
    assert fingerprint(replace(bill, role="actual")).id != fingerprint(replace(bill, role="amortised")).id


def test_what_is_landed_is_what_was_delivered(tmp_path: Path, store: sa.Engine) -> None:
    """Bytes, digests, kinds and keys are kept, in the store and beside the files."""
    bill = delivery(tmp_path / "in", x=b"one", y=b"two")
    raw = landed(bill, fingerprint(bill), tmp_path / "lake", store)
    files = bill_files(tmp_path / "lake", [raw])
    assert [(file.path.read_bytes(), file.key, file.kind) for file in files] == [
        (b"one", "bucket/x.csv", "csv"),
        (b"two", "bucket/y.csv", "csv"),
    ]
    assert all(file.path.name.endswith(".csv") for file in files)
    with store.connect() as connection:
        assert snapshots.find(connection, raw.id) == raw
    folder = layout.snapshot_folder(tmp_path / "lake", "raw", "aws-cur-x", "2026-10", raw.id)
    assert snapshots.from_row(layout.read_manifest(folder) or {}) == raw


def test_a_landing_that_died_before_it_was_recorded_is_taken_up(tmp_path: Path, store: sa.Engine) -> None:
    """The folder is there, the row is not: landing again makes the row and changes no byte."""
    bill = delivery(tmp_path / "in", x=b"one")
    mark = fingerprint(bill)
    raw = landed(bill, mark, tmp_path / "lake", store)
    other = open_store("sqlite://")
    assert landed(bill, mark, tmp_path / "lake", other) == raw
    with other.connect() as connection:
        assert snapshots.find(connection, raw.id) == raw


def test_a_file_that_changes_while_it_is_read_is_not_landed(tmp_path: Path, store: sa.Engine) -> None:
    """What was identified and what would be kept differ: nothing is left behind."""
    bill = delivery(tmp_path / "in", x=b"one", y=b"two")
    mark = fingerprint(bill)
    bill.parts[1].path.write_bytes(b"two and more")
    with pytest.raises(BillError, match=r"bucket/y\.csv: changed while"):
        landed(bill, mark, tmp_path / "lake", store)
    assert [path for path in (tmp_path / "lake").rglob("*") if path.is_file() or path.suffix == ".part"] == []
    with store.connect() as connection:
        assert snapshots.find(connection, mark.id) is None


def test_a_file_that_goes_away_while_it_is_read_is_the_bills_fault(tmp_path: Path, store: sa.Engine) -> None:
    """An export being overwritten stops itself, not the whole run."""
    bill = delivery(tmp_path / "in", x=b"one")
    mark = fingerprint(bill)
    bill.parts[0].path.unlink()
    with pytest.raises(BillError, match="went away"):
        landed(bill, mark, tmp_path / "lake", store)
    with pytest.raises(BillError, match="cannot be read"):
        fingerprint(bill)


@pytest.mark.parametrize("promised", [2, 4])
def test_a_part_of_another_size_than_promised_is_refused(tmp_path: Path, promised: int) -> None:
    """Truncated, or newer than its manifest: both sizes are told."""
    bill = delivery(tmp_path, x=b"one")
    wrong = replace(bill, parts=(replace(bill.parts[0], bytes=promised),))
    with pytest.raises(BillError, match=f"3 bytes, but its manifest says {promised}"):
        fingerprint(wrong)


def test_the_role_of_an_azure_delivery_travels_with_its_files(tmp_path: Path, store: sa.Engine) -> None:
    """Reading must tell actual rows from amortised ones; for all others there is no role."""
    bill = delivery(tmp_path / "in", x=b"one")
    roles = []
    for role in ("actual", "amortised", "bill"):
        one = replace(bill, role=role)
        roles.append(bill_files(tmp_path / "lake", [landed(one, fingerprint(one), tmp_path / "lake", store)])[0].role)
    assert roles == ["actual", "amortised", ""]
