"""Whose a charge is, promised on the bills of a simulated estate of three clouds, through the whole loop."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bursar import bootstrap
from bursar.config import Config
from bursar.loop import Bursar

ACME = Path(__file__).parents[2] / "examples" / "acme"
MONTH = "2026-09"
Owners = dict[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """A published estate and the truth about it."""

    bursar: Bursar
    project: Path
    truth: dict[str, dict[str, dict[str, dict[str, str]]]]

    def owners(self, cost: str = "effective_cost") -> Owners:
        """The month's cost by team and currency, as readers see it now."""
        return {
            (row[0], row[1]): row[2] for row in self.ask("cost_daily_owner", f"SELECT team, currency, sum({cost}) FROM mart GROUP BY ALL")
        }

    def ask(self, mart: str, sql: str) -> list[tuple[Any, ...]]:
        """A question to the month's file of one mart, of the generation readers see now."""
        head = self.bursar.lake.head()
        assert head is not None
        (file,) = head.of(mart, period=MONTH)
        return duckdb.sql(f"WITH mart AS (SELECT * FROM '{file.path}') {sql}").fetchall()


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """A month of a thousand lines and more, ingested under the default rules."""
    root = tmp_path_factory.mktemp("estate")
    bootstrap.simulate(root / "bills", first=MONTH, months=1, rows=1000)
    project = root / "project"
    project.mkdir()
    bursar = bootstrap.wire(Config(project=project, home=root / "home"))
    bursar.ingest([root / "bills"])
    yield Estate(bursar=bursar, project=project, truth=json.loads((root / "bills" / "truth.json").read_text()))
    shutil.rmtree(root, ignore_errors=True)


def adopted(estate: Estate, name: str) -> None:
    """Take Acme's file of this name into the project and build."""
    shutil.copy(ACME / name, estate.project)
    moved = bootstrap.wire(estate.bursar.config)
    moved.publish()


def test_allocation_keeps_its_promises(estate: Estate) -> None:
    """Every owner equals the planted truth to the last digit; edited rules move cost but no total; shared costs reach their bearers."""
    planted = {(team, currency): Decimal(cost) for team, costs in estate.truth["owners"][MONTH].items() for currency, cost in costs.items()}
    before = estate.owners()
    assert before == planted
    assert estate.owners("allocated_cost") == before, "without shared costs, nothing is shared"

    adopted(estate, "rules.yaml")
    adopted(estate, "units.yaml")
    after = estate.owners()
    assert totals(after) == totals(before) == totals(estate.owners("allocated_cost"))
    assert ("paymets", "USD") in before
    assert ("paymets", "USD") not in after
    assert after["payments", "USD"] == before["payments", "USD"] + before["paymets", "USD"]
    assert not estate.owners("allocated_cost").get(("platform", "USD")), "the platform's cost is borne by those it serves"

    pools = estate.ask("allocation_daily", "SELECT DISTINCT pool, method FROM mart WHERE method <> 'no_bearer' ORDER BY ALL")
    assert pools == [("platform", "by_metric"), ("support", "weighted"), ("tax", "weighted")]
    kinds = "SELECT sum(billed_cost) FILTER (kind <> 'shared') = sum(allocated_billed_cost) FROM mart GROUP BY invoice_key, currency, day"
    assert {row[0] for row in estate.ask("charge_daily", kinds)} == {True}

    units = "SELECT sum(cost_direct), sum(cost_loaded), bool_and(unit_cost_direct > 0) FROM mart WHERE service = 'checkout-api' AND quality = 'measured' AND currency = 'USD'"
    ((direct, loaded, priced),) = estate.ask("unit_cost_daily", units)
    assert Decimal(str(direct)) < Decimal(str(loaded)), "a request bears its part of support, tax and platform"
    assert priced


def totals(owners: Owners) -> dict[str, Decimal]:
    """Cost by currency."""
    result: dict[str, Decimal] = {}
    for (_, currency), cost in owners.items():
        result[currency] = result.get(currency, Decimal(0)) + cost
    return result
