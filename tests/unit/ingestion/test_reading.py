import gzip
from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.domain.errors import BillError
from bursar.ingestion.casts import Value, quoted, scalar
from bursar.ingestion.families import Family, Kind, dotted, packaged, snake, squash
from bursar.ingestion.nested import members
from bursar.ingestion.reading import BillFile, describe_script, described, raw_relation
from bursar.ingestion.scripts import misread_script
from bursar.ports import Script, Statement
from tests.unit.ingestion.conftest import run_script

DIGITS = Decimal("1E-12")
WIDE = Context(prec=76, rounding=ROUND_HALF_UP)


def a_family(**columns: dict[str, Any]) -> Family:
    """A family of bills with these columns."""
    probe = {"account": "a", "period": "b", "currency": "c", "exported_at": "d"}
    return Family.model_validate({"name": "t", "provider": "t", "formats": ["t"], "fold": "snake", "probe": probe, "columns": columns})


SMALL = a_family(
    cost={"type": "money", "required": True, "aliases": ["amount"]},
    name={"type": "text", "flag": True},
    at={"type": "time"},
    tags={"type": "map", "prefix": ["tag_"], "rename": {"user:": "", "aws_": "aws:"}},
    region={"type": "text", "any": True, "aliases": ["product.region", "place"]},
)


def read(files: Sequence[BillFile], family: Family = SMALL, where: str = "") -> list[dict[str, Any]]:
    """The rows of `raw`."""
    native = described(files, run_script(describe_script(files)))
    select = Statement(name="raw", sql=raw_relation(family, native, constants={"told": "'x'"}, where=where), returns=True)
    answer = run_script(Script(statements=(Statement(name="macros", sql=packaged("reading.sql")), select)))["raw"]
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def a_csv(folder: Path, text: str, *, name: str = "a.csv", role: str = "") -> BillFile:
    """A delivered CSV file."""
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return BillFile(path=path, key=f"bucket/{name}", kind="csv", role=role)


def computed(expression: str) -> object:
    """What an expression of the reading macros gives. Raises BillError as the box would."""
    select = Statement(name="one", sql=f"SELECT {expression}", returns=True)
    return run_script(Script(statements=(Statement(name="macros", sql=packaged("reading.sql")), select)))["one"].rows[0][0]


def of_text(text: str, kind: Kind) -> object:
    """A delivered text as our type."""
    return computed(scalar(Value(sql=quoted(text), physical="VARCHAR"), kind))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.23E-8", "0.0000000123"),
        ("6.54691821248e+16", "65469182124800000"),
        ("-0.00000000000050", "-0.000000000001"),
        ("0.0000000000004999", "0"),
        ("123456789.123456789012", "123456789.123456789012"),
        ("12345678.9012345678", "12345678.9012345678"),
        ("-2", "-2"),
        (" 7 ", "7"),
        ("1E5", "100000"),
    ],
)
def test_amounts_keep_their_digits(text: str, amount: str) -> None:
    """A cost in text is read to the twelfth digit, half-up, whatever its size or notation."""
    assert of_text(text, "money") == Decimal(amount)


@pytest.mark.parametrize("text", ["", "NULL", "null", "N/A", "Unassigned"])
def test_nothing_is_no_amount_and_no_name(text: str) -> None:
    """What exports write for nothing is NULL, in a number, a time and a name."""
    assert [of_text(text, kind) for kind in ("money", "time", "text")] == [None, None, None]


def test_minus_two_is_a_number_but_no_id() -> None:
    """Azure writes -2 for an unknown id; as a cost it is a cost."""
    assert (of_text("-2", "money"), of_text("-2", "id")) == (Decimal(-2), None)


@pytest.mark.parametrize("text", ["abc", "inf", "nan", "1e400", "1,000.5", "$5"])
def test_what_is_no_amount_is_an_error(text: str) -> None:
    """A cost that is no finite number stops the bill, it never becomes NULL or zero."""
    with pytest.raises(BillError):
        of_text(text, "money")


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
@settings(max_examples=25, deadline=None)
def test_doubles_mean_the_digits_they_print(value: float) -> None:
    """A double is read as the decimal its shortest text says, to the twelfth digit."""
    expected = Decimal(repr(value)).quantize(DIGITS, context=WIDE)
    found = computed(scalar(Value(sql=f"CAST({quoted(repr(value))} AS DOUBLE)", physical="DOUBLE"), "money"))
    assert isinstance(found, Decimal)
    assert abs(found - expected) <= (DIGITS if abs(value) < 1000 else 0)


@given(st.decimals(min_value=-(10**20), max_value=10**20, places=12))
@settings(max_examples=25, deadline=None)
def test_text_keeps_every_digit(value: Decimal) -> None:
    """Twelve digits after the point survive, at any size."""
    assert of_text(format(value, "f"), "money") == value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-01T02:03:04Z", datetime(2026, 10, 1, 2, 3, 4)),  # noqa: DTZ001 naive means UTC here
        ("2026-10-01 02:03:04.000", datetime(2026, 10, 1, 2, 3, 4)),  # noqa: DTZ001
        ("2026-10-01 02:03:04 UTC", datetime(2026, 10, 1, 2, 3, 4)),  # noqa: DTZ001
        ("2026-10-01T02:03:04+02:00", datetime(2026, 10, 1, 0, 3, 4)),  # noqa: DTZ001
        ("2026-10-01T02:03Z", datetime(2026, 10, 1, 2, 3)),  # noqa: DTZ001
        ("2026-10-01", datetime(2026, 10, 1)),  # noqa: DTZ001
        ("9/2/2026", datetime(2026, 9, 2)),  # noqa: DTZ001
        ("5/1/25", datetime(2025, 5, 1)),  # noqa: DTZ001
    ],
)
def test_times_are_utc_however_written(text: str, moment: datetime) -> None:
    """Milliseconds, zones, missing seconds and American dates all mean a moment in UTC."""
    assert of_text(text, "time") == moment


def test_columns_are_found_by_any_spelling_and_order(tmp_path: Path) -> None:
    """Parts with other headers, orders and columns are read as one bill, and say which file a row came from."""
    files = [
        a_csv(tmp_path, "Amount,name\n1,a\n"),
        a_csv(tmp_path, "at,cost\n2026-10-01,2\n", name="b.csv.gz", role="actual"),
    ]
    rows = read(files)
    assert [(row["cost"], row["name"], row["has_name"], row["source_file"], row["source_role"]) for row in rows] == [
        (1, "a", True, "bucket/a.csv", ""),
        (2, None, False, "bucket/b.csv.gz", "actual"),
    ]
    assert {row["told"] for row in rows} == {"x"}


def test_files_of_one_header_keep_their_names(tmp_path: Path) -> None:
    """Files scanned together still tell each row's own file."""
    rows = read([a_csv(tmp_path, f"cost\n{at}\n", name=f"{at}.csv") for at in range(3)])
    assert sorted((row["cost"], row["source_file"]) for row in rows) == [(at, f"bucket/{at}.csv") for at in range(3)]


def test_tags_in_columns_keep_their_keys(tmp_path: Path) -> None:
    """A column per tag becomes one map: keys in the case they were written, two cases of one key apart, empty ones gone."""
    (row,) = read([a_csv(tmp_path, 'cost,tag/user:Team,tag/user:team,tag/aws_by,tag/user:x\n1,"a ""q""",b,root,\n')])
    assert row["tags"] == {"Team": 'a "q"', "team": "b", "aws:by": "root"}


def test_the_first_spelling_that_speaks_counts(tmp_path: Path) -> None:
    """Where a column has several homes, each row takes the first that says anything."""
    rows = read([a_csv(tmp_path, 'cost,region,product,place\n1,eu,,\n2,,"{""region"": ""us""}",x\n3,,,z\n')])
    assert [row["region"] for row in rows] == ["eu", "us", "z"]


def test_parquet_of_other_types_is_the_same_bill(tmp_path: Path) -> None:
    """A part that stores numbers as text and one that stores doubles are both read exactly."""
    one, two = tmp_path / "1.parquet", tmp_path / "2.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 123456.789::DOUBLE AS cost, MAP {{'a': '1'}} AS tags) TO '{one}' (FORMAT parquet)")
        connection.execute(f"COPY (SELECT '0.1' AS cost, TIMESTAMPTZ '2026-10-01 02:00:00+02' AS at) TO '{two}' (FORMAT parquet)")
    rows = read([BillFile(path=path, key=path.name, kind="parquet") for path in (one, two)])
    assert [row["cost"] for row in rows] == [Decimal("123456.789"), Decimal("0.1")]
    assert [row["tags"] for row in rows] == [{"a": "1"}, None]
    assert rows[1]["at"] == datetime(2026, 10, 1)  # noqa: DTZ001 naive means UTC here


def test_blank_and_headed_files_hold_no_rows(tmp_path: Path) -> None:
    """A blank part is left out, a header alone is a bill without rows, and no file at all still has every column."""
    assert read([a_csv(tmp_path, ""), a_csv(tmp_path, "cost\n", name="b.csv")]) == []
    assert read([a_csv(tmp_path, "")]) == []


def test_a_filter_keeps_one_period(tmp_path: Path) -> None:
    """Rows of other periods are left out by SQL over the canonical columns."""
    assert [row["cost"] for row in read([a_csv(tmp_path, "cost\n1\n2\n")], where="cost > 1")] == [2]


def test_a_missing_required_column_is_named(tmp_path: Path) -> None:
    """The error names the file, the column and the spellings it is known by."""
    with pytest.raises(BillError, match=r"bucket/a\.csv: no column cost") as refused:
        read([a_csv(tmp_path, "name\na\n")])
    assert "amount" in refused.value.cure


@pytest.mark.parametrize(("text", "found"), [("cost,at\n1,\nx,\n", ("cost", "x")), ("cost,at\n1,\n2,soon\n", ("at", "soon"))])
def test_a_value_that_cannot_be_read_is_found(tmp_path: Path, text: str, found: tuple[str, str]) -> None:
    """After a bill failed, the file, column and value that broke it can be told."""
    files = [a_csv(tmp_path, text)]
    native = described(files, run_script(describe_script(files)))
    assert run_script(misread_script(SMALL, native))["misread"].rows == [("bucket/a.csv", *found)]


def test_names_fold_as_their_provider_writes_them() -> None:
    """Every provider's way of writing a column name has one canonical form."""
    assert snake("savingsPlan/SavingsPlanARN") == "savings_plan_savings_plan_arn"
    assert snake("resourceTags/user:Cost Center") == "resource_tags_user_cost_center"
    assert squash("Maßeinheit (UnitOfMeasure)") == "unitofmeasure"
    assert dotted("service.description") == "service_description"


def test_struct_members_are_told_apart() -> None:
    """Members of a struct type are cut at its own commas, not at those of nested types or quoted names."""
    assert members('STRUCT(a DECIMAL(38,12), "b, c" STRUCT(d VARCHAR, e MAP(VARCHAR, VARCHAR))[])') == [
        ("a", "DECIMAL(38,12)"),
        ("b, c", "STRUCT(d VARCHAR, e MAP(VARCHAR, VARCHAR))[]"),
    ]
    assert members("VARCHAR") == []


def test_the_header_of_a_large_file_is_its_first_line(tmp_path: Path) -> None:
    """A file that several threads would share is still read from its first line."""
    line = f"1.5,{'x' * 1_000}\n"
    file = a_csv(tmp_path, "cost,name\n" + line * 100_000)
    (native,) = described([file], run_script(describe_script([file])))
    assert [name for name, _ in native.columns] == ["cost", "name"]
