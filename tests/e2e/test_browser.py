"""The pages in Chromium: access, policy, both themes and widths, the keyboard, and no JavaScript at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from e2e import decided
from e2e.chromium import opened
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.e2e

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = {
    "overview": "/",
    "months": "/?over=months&by=provider",
    "explore": "/explore?group_by=team,service",
    "filtered": "/explore?group_by=service_name&filter=provider%20%3D%20%27aws%27%20AND%20team%20%21%3D%20%27ml%27",
    "wrong": "/explore?filter=provider%20%3D",
    "lines": "/explore/lines?window=2026-11-16..2026-11-18",
    "anomalies": "/anomalies",
    "anomaly": "/anomalies/c0ffee000001",
    "drop": "/anomalies/c0ffee000003",
    "hostile": "/anomalies/c0ffee000006",
    "budgets": "/budgets",
    "budget": "/budgets/search",
    "savings": "/savings",
    "plans": "/plans",
    "plan": f"/plans/{decided.WAITS.digest[:12]}",
    "stale": f"/plans/{decided.STALE.digest[:12]}",
    "health": "/health?period=2026-10",
}


@pytest.mark.parametrize(
    ("theme", "width"),
    [
        ("light", 1280),
        ("dark", 375),
        pytest.param("light", 375, marks=pytest.mark.deep),
        pytest.param("dark", 1280, marks=pytest.mark.deep),
    ],
)
def test_every_page_is_accessible_and_fits(browser: Browser, site: str, theme: str, width: int) -> None:
    """No axe violation, no policy violation, no error in the console, nothing wider than the screen; both themes, both widths."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce"
    )
    page, said = opened(context)
    for name, path in PAGES.items():
        page.goto(site + path)
        if page.locator("[data-chart]").count():
            page.wait_for_selector("[data-chart] svg")
        if (theme == "dark") == (width > 800):  # opened once in each theme and width: most of a page is in drawers
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        page.evaluate(AXE.read_text())
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))"
        )
        assert found == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), name
    assert said == []
    context.close()


def test_charts_have_a_sentence_a_name_and_a_table(browser: Browser, site: str) -> None:
    """Each chart has a title that says the finding, an accessible name, and its numbers as a table that sums to the page's total."""
    context = browser.new_context()
    page, _ = opened(context)
    for path in (PAGES["overview"], PAGES["months"], PAGES["explore"]):
        page.goto(site + path)
        figure = page.locator("figure.plot")
        assert len(figure.locator("h2").inner_text()) > 15
        assert len(figure.locator("[data-chart]").get_attribute("aria-label") or "") > 30
        figure.locator(".twin summary").click()
        assert figure.locator(".twin tbody tr").count() > 3
    context.close()


def test_a_tooltip_breaks_no_policy(browser: Browser, site: str) -> None:
    """Walking a chart by keyboard and pointer shows values, says them aloud, and violates nothing."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/")
    page.wait_for_selector("[data-chart] svg")
    page.locator("[data-chart]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert "3 Nov" in page.locator("#said").inner_text()
    box = page.locator("[data-chart]").bounding_box() or {"x": 0, "y": 0, "width": 0, "height": 0}
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * (0.1 + step / 15), box["y"] + box["height"] / 2)
    assert page.locator("[data-chart] svg text", has_text="payments").count() == 1
    assert said == []
    context.close()


def test_the_theme_turns_without_a_reload_and_stays(browser: Browser, site: str) -> None:
    """A theme is chosen on the spot, charts included, and the next page is drawn in it by the server."""
    context = browser.new_context(color_scheme="light")
    page, said = opened(context)
    page.goto(site + "/")
    page.wait_for_selector("[data-chart] svg")
    page.get_by_role("link", name="dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark == "rgb(16, 21, 19)"
    page.goto(site + "/health")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert said == []
    context.close()


def test_explore_is_driven_by_its_form(browser: Browser, site: str) -> None:
    """A changed choice asks at once, the address holds the question, the chart is redrawn, and back goes back."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/explore")
    page.wait_for_selector("[data-chart] svg")
    page.get_by_label("Group by").select_option("team")
    page.wait_for_url("**/explore?*group_by=team*")
    page.wait_for_selector("[data-chart] svg")
    assert page.locator("h1").inner_text().startswith("All spend by team")
    page.get_by_role("link", name="ml", exact=True).click()
    page.wait_for_url("**filter=team*")
    assert page.locator(".chip").inner_text().startswith("team is ml")
    page.go_back()
    page.wait_for_url("**/explore?*group_by=team*")
    expect(page.locator("h1")).to_have_text(re.compile("^All spend by team"))
    page.wait_for_selector("[data-chart] svg")
    assert said == []
    context.close()


def test_the_filter_offers_the_values_there_are(browser: Browser, site: str) -> None:
    """Choosing a dimension lists its values, dearest first, and asks nothing before a value is given."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/explore")
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Add: dimension").select_option("service_name")
    page.wait_for_selector("#fv-list option", state="attached")
    assert "Amazon EC2" in page.locator("#fv-list option").evaluate_all("options => options.map(o => o.value)")
    assert page.url.endswith("/explore")
    page.get_by_label("value", exact=True).fill("Amazon EC2")
    page.keyboard.press("Enter")
    page.wait_for_url("**filter=service_name*")
    assert said == []
    context.close()


def test_everything_works_without_javascript(browser: Browser, site: str) -> None:
    """With scripts off: from Overview to a team, to charge lines with their file; a filter picked and removed; the theme."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/")
    page.get_by_role("link", name="ml", exact=True).first.click()
    page.get_by_role("link", name="training", exact=True).click()
    assert page.locator("h1").inner_text().startswith("ml · training")
    page.goto(site + "/explore")
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("value", exact=True).fill("gcp")
    page.get_by_role("button", name="Apply").click()
    assert page.locator(".chip").inner_text().startswith("provider is Google Cloud")
    page.get_by_role("link", name="Charge lines").click()
    page.locator("summary", has_text="part-00001.csv.gz").first.click()
    assert page.get_by_text("gcp/finops/202611/part-00001.csv.gz").first.is_visible()
    page.get_by_role("link", name="dark").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert "/explore/lines" in page.url
    context.close()


def test_the_keyboard_reaches_everything_in_order(browser: Browser, site: str) -> None:
    """The first stop skips to the content, focus is always visible, and no stop is a trap."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, _ = opened(context)
    page.goto(site + "/")
    page.wait_for_selector("[data-chart] svg")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    seen: list[str] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                "(e => e.tagName + (e.textContent || '').slice(0, 12) + (e.getAttribute('aria-label') || '').slice(0, 20))(document.activeElement)"
            )
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert len(set(seen)) > 35
    context.close()


def test_a_page_is_light(browser: Browser, site: str) -> None:
    """At most six requests, and besides ECharts at most 60 KB over the wire."""
    context = browser.new_context()
    page = context.new_page()
    sizes: dict[str, int] = {}
    page.on("requestfinished", lambda request: sizes.update({request.url: request.sizes()["responseBodySize"]}))
    page.goto(site + "/", wait_until="networkidle")
    assert len(sizes) <= 6
    others = {url: size for url, size in sizes.items() if "echarts" not in url}
    assert sum(others.values()) <= 60_000, others
    context.close()


def test_print_is_on_white_and_whole(browser: Browser, site: str) -> None:
    """On paper there is no rail and no form, tables show all their columns, and nothing is cut."""
    context = browser.new_context(viewport={"width": 720, "height": 1000}, color_scheme="dark")
    page, _ = opened(context)
    page.goto(site + "/")
    page.wait_for_selector("[data-chart] svg")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".rail").is_visible()
    assert page.get_by_role("columnheader", name="28 days").is_visible()
    context.close()
