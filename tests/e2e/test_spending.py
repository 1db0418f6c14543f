"""What may be spent and what was saved, as addresses and in Chromium: the command line's digits, figures without a script, the way back."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from e2e import budgeted, decided
from e2e.chromium import opened
from e2e.made import MadeHouse, application, make_house
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from bursar.policies.budgets import read_budgets
from bursar.policies.forecasts import read_forecasts
from bursar.policies.measured import Ledger
from bursar.policies.reservations import reserved
from bursar.ports import Rows, Warehouse
from bursar.surfaces.budgets import budgets_listing
from bursar.surfaces.documents import Listing, csv_text, value
from bursar.surfaces.plans import savings

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def client(house: MadeHouse) -> TestClient:
    """A browser's requests without the browser."""
    return TestClient(application(house), base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture(scope="module")
def listing(house: MadeHouse) -> Listing:
    """What `bursar budgets status` prints, measured here anew."""
    head = house.lake.head()
    assert head is not None
    ledger = Ledger(
        budgets=read_budgets(house.acting.config.file("budgets.yaml")), generation=head, warehouse=house.warehouse,
        forecasts=read_forecasts(house.lake.root / "scores", newest=head.n, warehouse=house.warehouse), today=house.clock().date(),
    )  # fmt: skip
    with house.store.connect() as connection:
        held = reserved(connection, now=house.clock())
    measures = [ledger.measure(one) for one in ledger.budgets]
    return budgets_listing(measures, faults=list(ledger.faults()), held=held, generation=head.n)


def exact(text: str) -> set[Decimal]:
    """The exact amounts of a page's elements."""
    return {Decimal(found) for found in re.findall(r'<data value="([^"]+)"', text)}


def test_budgets_are_the_digits_of_the_command_line(client: TestClient, listing: Listing) -> None:
    """JSON and CSV are its document; the page shows the very decimals of what was measured, and of one budget the same row."""
    document = json.loads(json.dumps(listing.document, default=value))
    assert client.get("/budgets?format=json").json() == document
    assert client.get("/budgets?format=csv").text == csv_text(listing)
    text = client.get("/budgets").text
    rows = {row["id"]: row for row in document["rows"]}
    for name in ("estate", "ml", "search", "ml-quarter", "euro"):
        row, told = rows[name], client.get(f"/budgets/{name}").text
        assert {Decimal(row["actual"]), Decimal(row["amount"])} <= exact(text) & exact(told), name
        assert client.get(f"/budgets/{name}?format=json").json()["rows"] == [row]
    assert {Decimal(rows["search"]["forecast"][name]) for name in ("p10", "p50", "p90")} <= exact(client.get("/budgets/search").text)


def test_what_could_not_be_measured_shows_no_amount(client: TestClient) -> None:
    """A misspelt scope and a month without an amount say why, in the list and on their page, and show nothing as spent."""
    for name, why in (("misspelt", "no charge of November 2026 is in its scope"), ("january", "no amount is given for November 2026")):
        text = client.get(f"/budgets/{name}").text
        assert why in text
        assert why in client.get("/budgets").text
        assert Decimal(0) not in exact(text)
        assert "data-chart" not in text


def test_alerts_and_reservations_stand_with_their_budget(client: TestClient) -> None:
    """What was told and what pull requests hold is shown; what was given back is not in the sum; hostile names are text."""
    ml, search = client.get("/budgets/ml").text, client.get("/budgets/search").text
    assert "2 alerts are open" in ml
    assert "reached, told 15 Nov" in re.sub(r"<[^>]+>", "", ml)
    assert Decimal("350.5") in exact(search)
    assert "acme/infra#212" in search
    for text in (search, client.get("/budgets").text, client.get(f"/budgets/{'long-' * 60}x").text):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;gnp" in text
        assert "\u202e" not in text


def test_savings_are_the_ledger_of_the_command_line(client: TestClient, house: MadeHouse) -> None:
    """The page's files are what measuring anew comes to: a generation is measured once."""
    told = savings(house.acting.measure())
    assert client.get("/savings?format=json").json() == json.loads(json.dumps(told.document, default=value))
    assert client.get("/savings?format=csv").text == csv_text(told)


def test_overview_shows_end_budgets_and_savings(client: TestClient) -> None:
    """The month's end by currency with its bounds, the worst budgets, realised and expected, each with a way to its page."""
    text = client.get("/?currency=USD").text
    middle, tenth = budgeted.FORECASTS["estate/USD", "USD"]
    assert {Decimal(middle), Decimal(middle - tenth), Decimal(middle + tenth), Decimal("437.2"), Decimal(620)} <= exact(text)
    assert Decimal(budgeted.FORECASTS["estate/EUR", "EUR"][0]) in exact(client.get("/?currency=EUR").text)
    for href in ("/budgets", "/budgets/ml", "/savings", "/anomalies"):
        assert f'href="{href}"' in text
    assert text.index('href="/budgets/ml"') < text.index('href="/budgets/search"') < text.index('href="/budgets/estate"')


@dataclass
class Counting:
    """A warehouse that counts what it is asked."""

    warehouse: Warehouse
    asked: int = 0

    def rows(self, sql: str, parameters: Sequence[object] = (), *, reads: Sequence[Path]) -> Rows:
        """The rows of one SELECT."""
        self.asked += 1
        return self.warehouse.rows(sql, parameters, reads=reads)


def test_budgets_are_measured_once_for_a_generation(house: MadeHouse, tmp_path: Path) -> None:
    """Looked at again nothing is asked of the bill; another budgets.yaml is measured anew."""
    file = tmp_path / "budgets.yaml"
    file.write_text("- {id: a, scope: \"team = 'ml'\", currency: USD, amounts: {default: 1}}", "utf-8")
    config = house.acting.config.model_copy(update={"project": tmp_path})
    counting = Counting(house.warehouse)
    made = replace(house, warehouse=counting, acting=replace(house.acting, config=config))
    seen = TestClient(application(made), base_url="http://127.0.0.1")
    assert "a is over its amount" in seen.get("/budgets").text
    first, counting.asked = counting.asked, 0
    assert seen.get("/budgets").status_code == 200
    assert (first > 0, counting.asked) == (True, 0)
    file.write_text("- {id: another, scope: \"team = 'ml'\", currency: USD, amounts: {default: 1}}", "utf-8")
    assert "another is over its amount" in seen.get("/budgets").text
    assert counting.asked > 0


def test_a_broken_file_of_budgets_costs_overview_nothing(house: MadeHouse, tmp_path: Path) -> None:
    """A mistake in budgets.yaml is said on Overview in one figure, and with its cure on its own page."""
    (tmp_path / "budgets.yaml").write_text("- {id: a, scope: 'team =', currency: USD, amounts: {default: 1}}", "utf-8")
    config = house.acting.config.model_copy(update={"project": tmp_path})
    broken = TestClient(application(replace(house, acting=replace(house.acting, config=config))), base_url="http://127.0.0.1")
    told = broken.get("/")
    assert told.status_code == 200
    assert "budgets.yaml: budget a" in told.text
    assert broken.get("/budgets").status_code == 500
    assert "docs/policies.md#budgets" in broken.get("/budgets").text


def test_without_budgets_bill_or_plan_the_pages_say_how(tmp_path: Path) -> None:
    """An empty house shows an example and a command, no number; an unknown budget is a page."""
    client = TestClient(application(make_house(tmp_path, filled=False)), base_url="http://127.0.0.1")
    for path, said in (("/budgets", "amounts: {default: 42000}"), ("/savings", "bursar plan")):
        text = client.get(path).text
        assert said in text
        assert "<data" not in text
    assert client.get("/budgets/nobody").status_code == 404
    assert client.get("/budgets?format=json").json()["rows"] == []


def test_figures_are_read_by_keyboard(browser: Browser, site: str) -> None:
    """Arrows walk the burn-down: before the newest day what was spent is said, after it the forecast."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/budgets/search")
    page.wait_for_selector("[data-chart] svg")
    page.locator("[data-chart]").focus()
    page.keyboard.press("End")
    expect(page.locator("#said")).to_have_text("Mon 30 Nov: amount 26,000.00, even pace 26,000.00, forecast 26,400.00 USD")
    page.keyboard.press("Home")
    expect(page.locator("#said")).to_contain_text("spent")
    for name in ("amount", "forecast", "spent", "even pace"):
        assert page.locator("[data-chart] svg text", has_text=name).count() >= 1, name
    assert said == []
    context.close()


def test_without_a_script_figures_and_tables_are_there(browser: Browser, site: str) -> None:
    """With scripts off: from Overview to a budget and its table, to savings and theirs, in the dark theme."""
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto(site + "/")
    page.locator("#budgets").get_by_role("link", name="ml", exact=True).click()
    assert page.locator("svg.still .act").get_attribute("d")
    assert page.locator("svg.still .area").get_attribute("d")
    page.locator(".twin summary").click()
    assert page.locator(".twin tbody tr").count() == 30
    page.get_by_role("link", name="Savings", exact=True).click()
    assert page.locator("svg.still .exp").count() == 2
    page.locator(".twin summary").first.click()
    assert page.locator(".twin tbody tr").first.is_visible()
    context.close()


def test_a_stranger_walks_from_the_alert_to_the_saving_and_back(browser: Browser, site: str) -> None:
    """Anomaly, its plan, what the plan promises in the ledger, and from there the plan again: a click each."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/anomalies/c0ffee000001")
    page.locator(".box a", has_text="Delete 3 disks").click()
    page.wait_for_url(f"**/plans/{decided.WAITS.digest[:12]}")
    page.get_by_role("link", name=f"RFC-{decided.WAITS.digest[:8]}").click()
    page.wait_for_url(f"**/savings#RFC-{decided.WAITS.digest[:8]}")
    page.locator(f"#RFC-{decided.WAITS.digest[:8]}").get_by_role("link", name=decided.WAITS.digest[:6]).click()
    page.wait_for_url(f"**/plans/{decided.WAITS.digest[:12]}")
    assert said == []
    context.close()
