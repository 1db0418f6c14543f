"""Bombs: two megabytes that would unpack to twenty gigabytes are refused before they are unpacked."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bursar.domain.errors import OverLimit
from bursar.ingestion.reading import BillFile
from bursar.ingestion.weigh import check_weight, weigh_statements
from bursar.ports import Script
from tests.unit.ingestion.conftest import run_script


def weighed(path: Path) -> None:
    """Weigh a file."""
    files = [BillFile(path=path, key=path.name, kind="parquet")]
    check_weight(files, run_script(Script(statements=weigh_statements(files), reads=(path,))))


def constant(value: str, rows: int) -> pa.DictionaryArray:
    """A column that says one thing so many times, in a few bytes."""
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array([value]))


def test_a_parquet_of_few_wide_values_repeated_is_refused(tmp_path: Path) -> None:
    """A million times twenty kilobytes, in fifty kilobytes: the metadata looks harmless, the rows do not."""
    path = tmp_path / "wide.parquet"
    pq.write_table(pa.table({"BilledCost": constant("1", 1_000_000), "Text": constant("x" * 20_000, 1_000_000)}), path)
    assert path.stat().st_size < 2_000_000
    with pytest.raises(OverLimit, match=r"wide\.parquet: would unpack to about 18\.\d GB"):
        weighed(path)


def test_a_parquet_of_rows_without_end_is_refused(tmp_path: Path) -> None:
    """Six million rows in a few hundred bytes are no bill."""
    path = tmp_path / "long.parquet"
    pq.write_table(pa.table({"n": constant("1", 6_000_000)}), path, row_group_size=6_000_000)
    with pytest.raises(OverLimit, match="6,000,000 rows"):
        weighed(path)


def test_a_bill_that_packs_well_is_a_bill(tmp_path: Path) -> None:
    """Repetitive rows, and more of them than a page holds, are what bills are made of."""
    draw = random.Random(7)  # noqa: S311 - test data
    rows = 20_000
    told = {
        "cost": [f"{draw.random():.10f}" for _ in range(rows)],
        "sku": ["sku-1"] * rows,
        "tags": [{"team": "core"}] * rows,
        "none": [None] * rows,
    }
    pq.write_table(pa.table(told), tmp_path / "bill.parquet")
    weighed(tmp_path / "bill.parquet")


def test_an_empty_parquet_weighs_nothing(tmp_path: Path) -> None:
    """No rows, no width, no error."""
    pq.write_table(pa.table({"a": pa.array([], pa.string())}), tmp_path / "x.parquet")
    weighed(tmp_path / "x.parquet")
