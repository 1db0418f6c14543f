"""Documents: one shape and one spelling for every surface."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.lake.reports import Version
from bursar.lake.snapshots import Sums
from bursar.surfaces import documents


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (Decimal("0E-12"), "0"),
        (Decimal("-0.000"), "0"),
        (Decimal("-0.50"), "-0.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-12"), "0.000000000001"),
        (Decimal("12.340000000000"), "12.34"),
        (datetime(2026, 7, 1, 2, 3, 4, tzinfo=UTC), "2026-07-01T02:03:04Z"),
        (datetime(2026, 7, 1), "2026-07-01T00:00:00Z"),  # noqa: DTZ001 - as DuckDB gives a TIMESTAMP, which is UTC
        (date(2026, 7, 1), "2026-07-01"),
        (None, None),
        (7, 7),
    ],
)
def test_every_value_has_one_spelling(cell: object, told: object) -> None:
    """Decimals have no exponent, no spare zeros and no negative zero; moments are RFC 3339 in UTC."""
    assert documents.value(cell) == told


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(texts)
def test_no_text_opens_a_formula_and_none_is_lost(text: str) -> None:
    """Whatever a tag holds, its CSV cell starts no formula, and reads back as the text, led by an apostrophe if it was one."""
    listing = documents.Listing(document={}, columns=("a", "b"), rows=[(text, Decimal("-1.5"))])
    cell, number = list(csv.reader(io.StringIO(documents.csv_text(listing), newline="")))[1]
    assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} or not cell
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text
    assert number == "-1.5"


def test_history_fits_its_schema_in_both_forms() -> None:
    """A delivery's totals and its change are told as the schema says; the flat form has a row per currency."""
    sums = {
        currency: Sums(billed=Decimal("1.50"), effective=Decimal(2), list=Decimal(3), contracted=Decimal(4)) for currency in ("EUR", "USD")
    }
    moment = datetime(2026, 7, 1, tzinfo=UTC)
    first = Version(
        source="src", period="2026-06", snapshot_id="s", state="live", exported_at=None, landed_at=moment, published_at=moment,
        gen_from=1, gen_to=None, rows=3, sums=sums, rows_change=None, change=None,
    )  # fmt: skip
    listing = documents.history([first])
    schema = json.loads(files("bursar").joinpath("surfaces/schemas/history.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(listing.document)
    rows = list(csv.DictReader(io.StringIO(documents.csv_text(listing))))
    assert [(row["currency"], row["billed_cost"], row["billed_change"]) for row in rows] == [("EUR", "1.5", ""), ("USD", "1.5", "")]


@pytest.mark.parametrize("name", ["costs", "reconcile", "history", "problem"])
def test_schemas_are_schemas(name: str) -> None:
    """Each committed schema is valid JSON Schema."""
    jsonschema.Draft202012Validator.check_schema(json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text()))
