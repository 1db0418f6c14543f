"""The lookups the formats join: a key twice would double a charge."""

import csv
from collections import Counter
from importlib import resources

import pytest

from bursar.ingestion.columns import focus_columns
from bursar.ingestion.families import FAMILIES, family, packaged

TABLES = sorted(
    file.name.removesuffix(".csv")
    for file in resources.files("bursar.ingestion").joinpath("reference").iterdir()
    if file.name.endswith(".csv")
)
ALLOWED = {column.name: set(column.allowed) for column in focus_columns()}


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(packaged(f"reference/{table}.csv").splitlines()))


@pytest.mark.parametrize("table", TABLES)
def test_keys_are_unique(table: str) -> None:
    """The first column of every table is a key, so that no join multiplies a charge."""
    keys = Counter(next(iter(row.values())) for row in rows(table))
    assert [key for key, times in keys.items() if times > 1 or not key] == []


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_used_and_has_its_source(table: str) -> None:
    """A table is joined by some family, small, and its source and licence are written down."""
    assert any(table in family(name).references for name in FAMILIES)
    assert f"`{table}.csv`" in packaged("reference/SOURCES.md")
    assert len(packaged(f"reference/{table}.csv")) < 40_000


@pytest.mark.parametrize("table", [table for table in TABLES if "service_category" in rows(table)[0]])
def test_categories_are_those_of_focus(table: str) -> None:
    """Every category is one of FOCUS', every subcategory under its one parent."""
    parents = {row["service_subcategory"]: row["service_category"] for row in rows("service_subcategories")}
    assert set(parents) == ALLOWED["ServiceSubcategory"]
    for row in rows(table):
        assert row["service_category"] in ALLOWED["ServiceCategory"]
        assert "service_subcategory" not in row or parents[row["service_subcategory"]] == row["service_category"]
