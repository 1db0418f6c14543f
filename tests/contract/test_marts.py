"""The marts as every reader relies on them: built once by dbt with every kind of rule, written as Parquet, read back."""

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from allocation_models import lay

from bursar.adapters.warehouses import dbt
from bursar.adapters.warehouses.duckdb import DuckDBWarehouse
from bursar.allocation.build import MartBuilder, Work, project, project_digest
from bursar.allocation.written import MARTS
from bursar.domain.errors import BillError, ConfigError
from bursar.lake.layout import read_manifest
from bursar.lake.snapshots import Snapshot, SnapshotFile, Sums
from bursar.query.catalogue import MARTS as ASKED

NOW = datetime(2026, 5, 3, tzinfo=UTC)
RULES = """
dimensions:
  team:
    - {tags: [team], map: {pay: payments}}
    - {when: "charge_description LIKE 'NAT%'", value: network}
    - {accounts: {'000042': search}}
shared:
  - {name: support, pool: "service_name = 'Support'", to: team, mode: weighted}
  - {name: tax, pool: "charge_category = 'Tax'", to: env, mode: fixed, percent: {prod: 60, dev: 40}}
  - {name: network, pool: "team = 'network'", to: team, mode: by_metric, by: requests}
"""
LINES = [
    {
        "Tags": {"team": "pay", "service": "web", "env": "production"},
        "EffectiveCost": Decimal(70),
        "ConsumedUnit": "Hrs",
        "ConsumedQuantity": 3,
    },
    {"Tags": {"team": "ops", "env": "dev"}, "EffectiveCost": Decimal("29.000000000001"), "SubAccountId": "1", "x_Provider": "gcp"},
    {"Tags": {"team": "pay", "service": "web"}, "BillingCurrency": "EUR", "day": -2, "RegionId": "eu"},
    {"SubAccountId": "000042", "day": 3},
    {"ChargeDescription": "NAT gateway", "EffectiveCost": Decimal(11)},
    {"ServiceName": "Support", "ChargeCategory": "Purchase", "EffectiveCost": Decimal(10)},
    {"ChargeCategory": "Tax", "ServiceName": "Tax", "EffectiveCost": Decimal(-7), "x_InvoiceKey": "INV-2"},
    {"ServiceName": "Support", "ChargeCategory": "Purchase", "day": 9},
]
METRICS = [
    ("requests", "2026-04-01", "web", "prod", "t1", 5),
    ("requests", "2026-04-01", "web", "prod", "t2", 6),
    ("requests", "2026-04-20", "web", None, None, 1),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A lake with one built period, and what it was built from."""

    lake: Path
    work: Work
    marts: Snapshot
    builder: MartBuilder

    def rows(self, mart: str, sql: str = "SELECT * FROM mart") -> duckdb.DuckDBPyRelation:
        """A question to one mart file."""
        path = next(self.lake / file.path for file in self.marts.files if file.table == mart)
        return duckdb.sql(f"WITH mart AS (SELECT * FROM '{path}') {sql}")


def bill(lake: Path, name: str, *, period: str = "2026-04") -> Snapshot:
    """The FOCUS snapshot of LINES, and its sums."""
    with duckdb.connect() as connection:
        lay(connection, [{"x_billing_period": date.fromisoformat(f"{period}-01"), **line} for line in LINES], METRICS)
        connection.execute(f"COPY (SELECT * EXCLUDE (x_source, x_billing_period) FROM inputs.cost_and_usage) TO '{lake}/{name}.parquet'")
        connection.execute(f"COPY inputs.unit_metric_daily TO '{lake}/metrics.parquet'")
        four = "sum(BilledCost), sum(EffectiveCost), sum(ListCost), sum(ContractedCost)"
        rows = connection.execute(f"SELECT BillingCurrency, {four} FROM inputs.cost_and_usage GROUP BY 1").fetchall()
    sums = {row[0]: Sums(billed=row[1], effective=row[2], list=row[3], contracted=row[4]) for row in rows}
    return snapshot(name, f"{name}.parquet", period=period, sums=sums)


def snapshot(name: str, path: str, *, period: str = "2026-04", sums: Mapping[str, Sums] | None = None) -> Snapshot:
    """A snapshot of one file."""
    file = SnapshotFile(path=path, table="cost_and_usage", rows=len(LINES), bytes=1, sha256="")
    return Snapshot(
        id=name, layer="focus", source="aws-main", period=period, format="aws-cur2", role="usage", state="live",
        rows=len(LINES), files=(file,), sums=sums or {}, seen_at=NOW,
    )  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """One build by dbt, shared by all promises here."""
    root = tmp_path_factory.mktemp("marts")
    lake = root / "lake"
    lake.mkdir()
    (root / "rules.yaml").write_text(RULES)
    builder = MartBuilder(warehouse=DuckDBWarehouse(root / "scratch"), rules=root / "rules.yaml")
    work = Work(period="2026-04", bills=(bill(lake, "bill"),), metrics=(snapshot("metrics", "metrics.parquet"),))
    (marts,) = builder.build_all([work], lake=lake, now=NOW)
    yield Book(lake=lake, work=work, marts=marts, builder=builder)
    shutil.rmtree(lake, ignore_errors=True)


def contract(mart: str) -> dict[str, str]:
    """Column → type, as the model's YAML promises."""
    model = yaml.safe_load((project() / "models" / "marts" / f"{mart}.yml").read_text())["models"][0]
    return {column["name"]: column["data_type"] for column in model["columns"]}


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_what_its_contract_says(book: Book, mart: str) -> None:
    """Each mart file has the columns of its contract, in order, with their types; money is DECIMAL(38,12)."""
    found = book.rows(mart)
    described = dict(zip(found.columns, (str(kind).lower().replace(" ", "") for kind in found.types), strict=True))
    assert described == {name: kind.replace(" ", "") for name, kind in contract(mart).items()}
    assert all(kind == "decimal(38,12)" for name, kind in described.items() if "cost" in name)


@pytest.mark.parametrize("mart", ASKED, ids=lambda mart: mart.name)
def test_a_mart_has_what_questions_ask_of_it(book: Book, mart: object) -> None:
    """The catalogue of questions names no mart and no column that is not written."""
    name, dimensions = getattr(mart, "name", ""), getattr(mart, "dimensions", ())
    assert {*dimensions, "day", "billing_period", "currency", "lines"} <= set(contract(name))
    assert book.rows(name).shape[0] > 0


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_documented(mart: str) -> None:
    """Each mart and each of its columns says what it means, and who owns it."""
    model = yaml.safe_load((project() / "models" / "marts" / f"{mart}.yml").read_text())["models"][0]
    assert model["name"] == mart
    assert model["description"]
    assert model["config"]["meta"]["owner"]
    assert all(column["description"].endswith(".") for column in model["columns"])


@pytest.mark.parametrize("mart", MARTS)
def test_the_key_of_a_mart_is_unique(book: Book, mart: str) -> None:
    """The columns its YAML calls unique name each row."""
    model = yaml.safe_load((project() / "models" / "marts" / f"{mart}.yml").read_text())["models"][0]
    key = next(test["unique_key"]["arguments"]["columns"] for test in model["data_tests"] if "unique_key" in test)
    assert not book.rows(mart, f"SELECT {', '.join(key)} FROM mart GROUP BY ALL HAVING count(*) > 1").fetchall()


def test_bill_focus_and_marts_are_one(book: Book) -> None:
    """The sums of the snapshot, of the bill and of every cost-bearing mart are equal, by currency, direct and allocated."""
    expected = {currency: (four.billed, four.effective) for currency, four in book.work.bills[0].sums.items()}
    assert book.marts.sums == book.work.bills[0].sums
    for mart in ("charge_daily", "cost_daily_owner", "cost_daily_account", "cost_daily_cloud_service"):
        for billed, effective in (("billed_cost", "effective_cost"), ("allocated_billed_cost", "allocated_cost")):
            rows = book.rows(mart, f"SELECT currency, sum({billed}), sum({effective}) FROM mart GROUP BY currency").fetchall()
            assert {row[0]: (row[1], row[2]) for row in rows} == expected


def test_the_snapshot_says_what_it_holds(book: Book) -> None:
    """Rows and days of each file are told, the files are there, read-only, and the manifest lies beside them."""
    assert {file.table for file in book.marts.files} == set(MARTS)
    charges = next(file for file in book.marts.files if file.table == "charge_daily")
    assert (charges.min_day, charges.max_day) == (date(2026, 3, 30), date(2026, 4, 10))
    assert charges.rows == book.rows("charge_daily").shape[0]
    folder = (book.lake / charges.path).parent
    assert folder.name == book.marts.id == book.builder.identity("2026-04", bills=book.work.bills, metrics=book.work.metrics)
    assert read_manifest(folder) is not None
    assert not (folder / "charge_daily.parquet").stat().st_mode & 0o222
    assert not list(folder.parent.glob("*.part"))


def test_a_batch_builds_what_single_builds_do(book: Book) -> None:
    """Several periods in one run of the project give each the files it gets alone."""
    other = Work(period="2026-05", bills=(bill(book.lake, "later", period="2026-05"),))
    lake = book.lake / "again"
    (lake).mkdir()
    for name in ("bill", "later", "metrics"):
        shutil.copy(book.lake / f"{name}.parquet", lake)
    april, may = book.builder.build_all([book.work, other], lake=lake, now=NOW)
    assert april.id == book.marts.id
    same = {file.table: file.sha256 for file in april.files if file.table != "charge_daily"}
    assert same == {file.table: file.sha256 for file in book.marts.files if file.table != "charge_daily"}
    assert may.rows
    assert {file.table: file.rows for file in may.files}["unit_cost_daily"] == 0


def test_the_identity_follows_what_goes_in(book: Book, tmp_path: Path) -> None:
    """Another bill, metric or rule is another marts snapshot; a comment in the rules is not."""
    before = book.builder.identity("2026-04", bills=book.work.bills, metrics=book.work.metrics)
    assert book.builder.identity("2026-04", bills=(snapshot("other", "x"),), metrics=book.work.metrics) != before
    assert book.builder.identity("2026-04", bills=book.work.bills) != before
    rules = tmp_path / "rules.yaml"
    commented = MartBuilder(warehouse=book.builder.warehouse, rules=rules)
    rules.write_text("# ours\n" + RULES)
    assert commented.identity("2026-04", bills=book.work.bills, metrics=book.work.metrics) == before
    rules.write_text(RULES.replace("payments", "pay"))
    assert commented.identity("2026-04", bills=book.work.bills, metrics=book.work.metrics) != before


def test_overlapping_pools_stop_the_build_by_name(book: Book, tmp_path: Path) -> None:
    """Pools that claim one charge of this bill are a ConfigError naming both; nothing is left behind."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "shared: [{name: one, pool: \"service_name = 'Support'\", to: team, mode: even}, "
        "{name: two, pool: \"charge_category = 'Purchase'\", to: team, mode: even}]"
    )
    builder = MartBuilder(warehouse=book.builder.warehouse, rules=rules)
    with pytest.raises(ConfigError, match=r"rules\.yaml: shared pools one, two claim the same charges, for example Purchase, Support"):
        builder.build_all([book.work], lake=book.lake, now=NOW)
    assert not list(book.lake.rglob("*.part"))


def test_marts_that_are_not_the_bill_are_not_built(book: Book) -> None:
    """A snapshot whose sums differ from its own file is a BillError naming mart, currency and both sums; nothing is left behind."""
    wrong = Sums(billed=Decimal(1), effective=Decimal(1), list=Decimal(1), contracted=Decimal(1))
    liar = snapshot("liar", "bill.parquet", sums={**book.work.bills[0].sums, "EUR": wrong, "JPY": wrong})
    with pytest.raises(BillError, match=r"charge_daily of 2026-04 is not the bill: direct nothing JPY"):
        book.builder.build_all([Work(period="2026-04", bills=(liar,))], lake=book.lake, now=NOW)
    assert not list(book.lake.rglob("*.part"))


def test_the_deep_tests_of_the_project_hold(book: Book, tmp_path: Path) -> None:
    """Keys and allowed values, which a production build leaves out for speed, hold too."""
    scratch = tmp_path / "build.duckdb"
    with duckdb.connect(str(scratch)) as connection:
        lay(connection, LINES, METRICS)
    dbt.run_dbt(
        project(), scratch, variables=book.builder._variables(), threads=1, memory_limit="1GB", target=tmp_path, exclude=("tag:none",)
    )


def test_a_lost_line_is_told_with_its_place(book: Book, tmp_path: Path) -> None:
    """When a mart parts from the bill, the build fails with the mart, the day, the measure and both sums."""
    scratch = tmp_path / "build.duckdb"
    with duckdb.connect(str(scratch)) as connection:
        lay(connection, LINES, METRICS)
    lossy = book.builder._variables()
    lossy["rule_columns"] = [["charge_description", "ChargeDescription"], ["noise", "random()"]]
    with pytest.raises(
        BillError, match=r"marts are the bill.*relation=charge_daily; place=2026-0\d-\d\d INV-\d .*; measure=lines; expected=\d; found=0"
    ):
        dbt.run_dbt(project(), scratch, variables=lossy, threads=1, memory_limit="1GB", target=tmp_path)


def test_the_project_digest_covers_every_file() -> None:
    """Models, macros and tests are what the digest is of; nothing generated lies among them."""
    files = [path.relative_to(project()).as_posix() for path in project().rglob("*") if path.is_file()]
    assert not [name for name in files if re.search(r"target/|logs/|\.duckdb$", name)]
    assert len(project_digest()) == 64
