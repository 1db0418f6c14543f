"""Gzip: the engine loses the tail of a cut file in silence, so every packed file is held to its own checksum."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.errors import BillError, OverLimit
from bursar.ingestion.deliveries import Delivery, Part
from bursar.ingestion.packed import GzipCheck, check_packed

ROWS = "\n".join(f"{n},{random.Random(n).random()}" for n in range(500)).encode()  # noqa: S311 - test data
WHOLE = gzip.compress(ROWS, mtime=0)


def checked(data: bytes, step: int = 1000) -> None:
    """Feed it piece by piece."""
    check = GzipCheck("bucket/bill.csv.gz")
    for start in range(0, len(data), step):
        check.feed(data[start : start + step])
    check.finish()


@pytest.mark.parametrize("data", [WHOLE, WHOLE + gzip.compress(b"tail", mtime=0), WHOLE + b"\0" * 512, gzip.compress(b"", mtime=0), b""])
@pytest.mark.parametrize("step", [1, 997, 1 << 20])
def test_whole_files_pass_in_whatever_pieces(data: bytes, step: int) -> None:
    """One member or several, padded or empty."""
    checked(data, step)


@given(cut=st.integers(min_value=1, max_value=len(WHOLE) - 1))
def test_every_cut_is_found(cut: int) -> None:
    """One byte less is not the file, wherever it is cut."""
    with pytest.raises(BillError, match=r"bucket/bill\.csv\.gz: (cut short|damaged)"):
        checked(WHOLE[:cut])


@given(place=st.integers(min_value=10, max_value=len(WHOLE) - 1), mask=st.integers(min_value=1, max_value=255))
def test_every_damaged_byte_is_found(place: int, mask: int) -> None:
    """The checksum and the length at its end are believed, as the engine does not."""
    damaged = bytearray(WHOLE)
    damaged[place] ^= mask
    with pytest.raises(BillError):
        checked(bytes(damaged))


@pytest.mark.parametrize("data", [WHOLE + b"garbage", b"plain,text\n", WHOLE + WHOLE[:50]])
def test_what_is_not_gzip_is_damage(data: bytes) -> None:
    """Trailing rubbish and half a second member included."""
    with pytest.raises(BillError):
        checked(data)


def test_a_bomb_is_stopped_long_before_its_end() -> None:
    """A gigabyte in a megabyte: refused at the half, holding a megabyte at a time."""
    member = gzip.compress(b"\0" * (64 << 20))
    with pytest.raises(OverLimit, match="far more than a bill"):
        checked(member * 20, len(member))


def test_a_bill_that_packs_well_passes() -> None:
    """Thousands of equal lines are what an hour of one machine looks like."""
    checked(gzip.compress(b"1.5,USD,Usage,AmazonEC2\n" * 500_000), 1 << 16)


def test_only_the_packed_files_of_a_delivery_are_read(tmp_path: Path) -> None:
    """The cut one is named by its key; a plain file may hold anything."""
    (tmp_path / "x.csv").write_bytes(WHOLE[:50])
    (tmp_path / "y.CSV.GZ").write_bytes(WHOLE)
    parts = [Part(path=path, key=f"bucket/{path.name}", kind="csv") for path in sorted(tmp_path.iterdir())]
    bill = Delivery(name="bucket", format="focus", parts=tuple(parts))
    check_packed(bill)
    (tmp_path / "y.CSV.GZ").write_bytes(WHOLE[:-4])
    with pytest.raises(BillError, match=r"bucket/y\.CSV\.GZ: cut short"):
        check_packed(bill)
