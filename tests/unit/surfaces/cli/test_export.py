"""`bursar export focus` and `bursar history`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from bursar.query.focus import focus_columns, version_columns

Say = Callable[..., Any]


@pytest.mark.parametrize(("version", "count"), [("1.2", 57), ("1.4", 65)])
def test_a_file_holds_the_columns_of_its_version_then_ours(say: Say, tmp_path: Path, version: str, count: int) -> None:
    """A FOCUS file has exactly the columns of its version, typed, our x_ columns after them, and every line of the period."""
    out = tmp_path / "focus.parquet"
    said = say("export", "focus", "--focus-version", version, "--period", "2026-06", "--out", str(out))
    assert (said.out, said.code) == ("", 0)
    found = duckdb.sql(f"DESCRIBE SELECT * FROM '{out}'").fetchall()
    assert [(row[0], row[1]) for row in found] == [(column.name, column.type) for column in version_columns(version)]
    assert sum(not row[0].startswith("x_") for row in found) == count
    assert duckdb.sql(f"SELECT count(*) FROM '{out}'").fetchone() == (600,)
    assert [path.name for path in tmp_path.iterdir()] == ["focus.parquet"]


def test_csv_is_safe_and_exact(say: Say, tmp_path: Path, bill: duckdb.DuckDBPyConnection) -> None:
    """CSV carries the same decimals, moments in RFC 3339, maps as JSON, and all published periods unless one is named."""
    out = tmp_path / "all.csv"
    assert say("export", "focus", "--out", str(out)).code == 0
    rows = list(csv.DictReader(out.open(newline="")))
    want = bill.execute("SELECT sum(EffectiveCost) FROM bill").fetchone()
    assert duckdb.sql(f"SELECT sum(EffectiveCost::DECIMAL(38,12)) FROM read_csv('{out}', all_varchar = true)").fetchone() == want
    assert rows[0]["ChargePeriodStart"].endswith("Z")
    assert any(json.loads(row["Tags"]) for row in rows if row["Tags"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--out", "focus.xlsx"), "neither Parquet nor CSV"),
        (("--out", "/nowhere/focus.csv"), "there is no folder"),
        (("--as-of", "2020-01-01", "--out", "f.csv"), "nothing was published by 2020-01-01"),
    ],
)
def test_what_cannot_be_exported_is_said(say: Say, words: tuple[str, ...], says: str) -> None:
    """A wrong suffix or folder, or a day before the first generation, exits 2 with its cause."""
    said = say("export", "focus", *words)
    assert said.code == 2
    assert says in said.err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_month_without_a_bill_is_a_file_without_lines(say: Say, tmp_path: Path, suffix: str) -> None:
    """As `costs` answers with no row: exit 0, every column, and why on stderr."""
    out = tmp_path / f"none.{suffix}"
    said = say("export", "focus", "--period", "2020-01", "--out", str(out))
    assert (said.code, said.err.splitlines()[1]) == (0, "No bill of 2020-01 is published; there are 2026-06 to 2026-07.")
    assert say("costs", "--period", "2020-01").err.splitlines() == said.err.splitlines()[1:]
    found = duckdb.sql(f"SELECT * FROM '{out}'")
    assert found.columns == [column.name for column in version_columns("1.4")]
    assert found.fetchall() == []


def test_columns_of_both_versions_are_known() -> None:
    """Every column belongs to a version or is ours."""
    assert {column.name for column in focus_columns() if not column.versions} == {
        column.name for column in focus_columns() if column.name.startswith("x_")
    }


def test_history_tells_every_delivery(say: Say) -> None:
    """History lists each snapshot of a period with its state, as the schema says; none is said on stderr."""
    document = json.loads(say("history", "--period", "2026-06", "--format", "json").out)
    jsonschema.Draft202012Validator(json.loads(files("bursar").joinpath("surfaces/schemas/history.json").read_text())).validate(document)
    assert [(row["snapshot_id"], row["state"], row["gen_from"]) for row in document["rows"]] == [("focus-2026-06", "live", 1)]
    assert [row["billing_period"] for row in csv.DictReader(say("history", "--format", "csv").out.splitlines())] == ["2026-06", "2026-07"]
    assert len(say("history").out.splitlines()) == 3
    assert "Nothing was delivered for 2020-01" in say("history", "--period", "2020-01").err
