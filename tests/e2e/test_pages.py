"""The pages as addresses: what they answer, without a browser."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from e2e import decided
from e2e.made import MadeHouse, application, make_house
from fastapi.testclient import TestClient

from bursar.query.ask import ask, totals
from bursar.query.question import read_query
from bursar.surfaces.web.headers import CSP

PAGES = [
    "/",
    "/?over=months&by=provider",
    "/?currency=EUR&by=env",
    "/explore",
    "/explore/lines",
    "/anomalies",
    "/anomalies/c0ffee000001",
    "/anomalies/c0ffee000006",
    "/budgets",
    "/budgets/ml",
    "/budgets/misspelt",
    "/savings",
    "/plans",
    f"/plans/{decided.WAITS.digest[:12]}",
    f"/plans/{decided.STALE.digest[:12]}",
    "/health",
    "/health?period=2026-10&currency=EUR",
]


@pytest.fixture(scope="module")
def client(house: MadeHouse) -> TestClient:
    """A browser's requests without the browser."""
    return TestClient(application(house), follow_redirects=False)


class Seen(HTMLParser):
    """Elements and attributes of a page, and its data values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember an element."""
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        found = dict(attrs)
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if found.get("id"):
            self.ids.append(str(found["id"]))


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_under_the_strict_policy(client: TestClient, path: str) -> None:
    """A page is HTML, is not kept by others, and allows no script, style or frame but our own."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    seen = Seen(answer.text)
    assert "style" not in seen.attributes | seen.tags
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert len(seen.ids) == len(set(seen.ids))


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    """No address a page shows is broken, three steps from Overview."""
    known, fresh = set[str](), set(PAGES)
    for _ in range(2):
        found = {link.split("#")[0] for path in sorted(fresh) for link in Seen(client.get(path).text).links if link.startswith("/")}
        known |= fresh
        fresh = set(sorted(found - known - {""})[::9])
    for path in sorted(fresh):
        answer = client.get(path)
        assert answer.status_code in {200, 303}, path


def test_hostile_names_add_no_element(client: TestClient) -> None:
    """A team called like a script tag is text: no element, no handler, no turned-around letters."""
    for path in ("/", "/explore?group_by=team,resource_name,sub_account_name", "/explore/lines?filter=" + quote("resource_id = 'nat-1'")):
        text = client.get(path).text
        seen = Seen(text)
        assert "img" not in seen.tags
        assert "onerror" not in seen.attributes
        assert "<script>alert" not in text
        assert "\u202e" not in re.sub(r"=\"[^\"]*\"", "", text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;gnp" in client.get("/").text


def test_a_page_shows_the_very_decimals_of_the_catalogue(client: TestClient, house: MadeHouse) -> None:
    """The exact amount in a page's element, in CSV and JSON, and in the catalogue's answer are one number."""
    generation = house.lake.head()
    for currency in ("USD", "EUR"):
        answer = ask(read_query({"window": "month", "granularity": "total"}), generation=generation, warehouse=house.warehouse)
        expected = totals(answer)[currency]
        for path in (f"/?currency={currency}", f"/explore?currency={currency}"):
            values = [Decimal(value) for value in re.findall(r'<data value="([^"]+)"', client.get(path).text)]
            assert expected in values, path
    rows = list(csv.DictReader(io.StringIO(client.get("/explore?granularity=total&format=csv").text)))
    told = client.get("/explore?granularity=total&format=json").json()["rows"]
    assert [Decimal(row["value"]) for row in rows] == [Decimal(row["value"]) for row in told]
    assert sum(Decimal(row["value"]) for row in rows if row["currency"] == "USD") == totals(answer)["USD"]


def test_currencies_are_never_one_number(client: TestClient) -> None:
    """Two currencies are two figures with a switch between them, and the sum of both stands nowhere."""
    text = client.get("/").text
    assert 'aria-label="Currency"' in text
    usd, eur = (Decimal(re.findall(r'<data value="([^"]+)"', client.get(f"/?currency={code}").text)[0]) for code in ("USD", "EUR"))
    assert f"{(usd + eur).normalize():f}" not in text


def test_what_is_late_or_held_is_said_before_any_number(client: TestClient) -> None:
    """Overview names the late source and the held delivery, with the way to its cure."""
    text = client.get("/").text
    assert text.index("azure-enrolment-8815520 (41 h)") < text.index('class="figures')
    assert "1 delivery is held back" in text
    health = client.get("/health").text
    assert "Export the amortised view of the same days" in health
    assert "bursar ingest exports/azure-ea/2026-11/part-3.csv.gz" in health


def test_every_total_has_its_seal(client: TestClient) -> None:
    """No table ends without a word on how it stands to the invoices."""
    for path in ("/", "/explore", "/health"):
        text = client.get(path).text
        assert text.count('class="seal ') >= text.count("<tfoot>"), path


def test_a_question_that_cannot_be_asked_keeps_the_form(client: TestClient) -> None:
    """A broken filter answers 422 with cause, place and what was typed."""
    answer = client.get("/explore", params={"filter": "provider = aws"})
    assert answer.status_code == 422
    assert "Text goes between single quotes" in answer.text
    assert 'value="provider = aws"' in answer.text


def test_the_form_without_javascript_leads_to_one_address(client: TestClient) -> None:
    """Selects and a picked filter become the canonical address of the question."""
    answer = client.get(
        "/explore",
        params={"by": ["team", "", "env"], "add": "provider", "op": "is", "value": "aws", "window": "2026-10", "metric": "effective_cost"},
    )
    assert answer.status_code == 303
    assert (
        answer.headers["location"] == "/explore?metric=effective_cost&group_by=team%2Cenv&window=2026-10&filter=provider%20%3D%20%27aws%27"
    )


def test_the_theme_comes_back_to_this_site_only(client: TestClient) -> None:
    """The theme is kept in a cookie, and the way back never leaves the site."""
    answer = client.get("/theme/dark?back=%2Fexplore%3Fmetric%3Dlist_cost")
    assert answer.headers["location"] == "/explore?metric=list_cost"
    assert "bursar_theme=dark" in answer.headers["set-cookie"]
    for away in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert client.get("/theme/dark", params={"back": away}).headers["location"] == "/"
    client.cookies.set("bursar_theme", "dark")
    assert 'data-theme="dark"' in client.get("/").text
    client.cookies.clear()


def test_static_files_are_kept_for_ever_under_their_digest(client: TestClient) -> None:
    """Each asset a page names is immutable, and no other digest answers."""
    found = re.findall(r'(?:src|href)="(/static/[^"]+)"', client.get("/").text)
    assert len(found) == 4
    for path in found:
        answer = client.get(path)
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(path.replace(path.split("/")[2], "0" * 16)).status_code == 404


def test_lines_walk_to_the_last_page(client: TestClient) -> None:
    """Charge lines go on from page to page, each with its delivered file, and none is told twice."""
    path, seen = "/explore/lines?window=2026-11-16..2026-11-18", list[str]()
    while path:
        text = client.get(path).text
        seen.extend(re.findall(r"(\w+/finops/\d+/part-00001.csv.gz)", text))
        following = re.search(r'href="([^"]+)" rel="next"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == 19 * 2


def test_before_the_first_bill_every_page_says_how_to_begin(tmp_path: Path) -> None:
    """An empty house shows two commands, not zeros."""
    client = TestClient(application(make_house(tmp_path, filled=False)))
    for path in ("/", "/explore", "/health"):
        text = client.get(path).text
        assert "bursar ingest PATH" in text
        assert "bursar ingest --format invoice invoices.csv" in text
        assert "<data" not in text


def test_an_unknown_address_is_a_page(client: TestClient) -> None:
    """A wrong address answers 404 with the way back; the API's are left to the API."""
    answer = client.get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert client.get("/api/v1/nothing").headers["content-type"] == "application/json"


def test_parameters_nobody_knows_change_nothing(client: TestClient) -> None:
    """Hostile or mistyped choices fall back to the usual; a month that is none is a page that says so."""
    assert client.get("/", params={"by": "<script>", "over": "x", "metric": "y", "currency": "'"}).status_code == 200
    assert client.get("/", params={"period": "2026-13"}).status_code == 422
    assert client.get("/explore", params={"window": "yesterdayish"}).status_code == 422
    empty = client.get("/", params={"period": "2020-01"})
    assert empty.status_code == 422
    assert "no charges of January 2020; the books hold 2025-11 to 2026-11" in empty.text
    assert client.get("/explore/lines", params={"after": "AAAA"}).status_code == 422
