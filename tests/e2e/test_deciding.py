"""Deciding in Chromium: signing a plan, saying what an anomaly was, by keyboard and without JavaScript."""

from __future__ import annotations

import pytest
from e2e import decided
from e2e.chromium import opened
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.e2e

PLAN = f"/plans/{decided.PROD.digest[:12]}"
ANOMALY = "/anomalies/c0ffee000002"


def test_a_plan_is_signed_with_its_six_characters(browser: Browser, site: str) -> None:
    """By keyboard alone: wrong characters are said while typing and refused when sent, the right ones with a reason approve."""
    context = browser.new_context(viewport={"width": 375, "height": 800})
    page, said = opened(context)
    page.goto(site + PLAN)
    page.get_by_label("First six characters of the digest").focus()
    page.keyboard.type("abcdef")
    expect(page.locator("#six-hint")).to_have_text("That is not this plan’s digest.")
    page.get_by_label("Reason, kept in the journal").focus()
    page.keyboard.type("Looked at with the team.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was signed")
    assert page.get_by_label("Reason, kept in the journal").input_value() == "Looked at with the team."
    page.get_by_label("First six characters of the digest").fill(decided.PROD.digest[:6])
    expect(page.locator("#six-hint")).to_have_text("These are the six characters of this plan.")
    page.get_by_label("Sign as (simulated estate)").fill("bea")
    page.get_by_role("button", name="Sign and approve").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#signatures")
    expect(page.locator("#signatures h2")).to_have_text("2 of 2 approvals given")
    expect(page.locator(".sigs")).to_contain_text("bea")
    assert page.get_by_role("button", name="Sign and approve").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert said == []
    context.close()


def test_feedback_is_given_without_javascript(browser: Browser, site: str) -> None:
    """With scripts off the figure is drawn, its table is there, and an answer with a note is kept."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/anomalies?status=open")
    page.get_by_role("link", name="search · indexer", exact=True).click()
    assert page.locator("svg.still .act").get_attribute("d")
    page.locator(".twin summary").click()
    assert page.locator(".twin tr.hit").count() == 3
    page.get_by_label("Real problem").check()
    page.get_by_label("Note (optional)").fill("Being worked on")
    page.get_by_role("button", name="Say so").click()
    expect(page.locator("#answers")).to_contain_text("“Being worked on”")
    assert page.url.endswith(ANOMALY + "#answers")
    context.close()


def test_the_figure_of_an_anomaly_is_read_by_keyboard(browser: Browser, site: str) -> None:
    """Arrows walk the days; each says its amount and what was expected, and no policy is violated."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/anomalies/c0ffee000001")
    page.wait_for_selector("[data-chart] svg")
    page.locator("[data-chart]").focus()
    page.keyboard.press("End")
    expect(page.locator("#said")).to_have_text("Tue 17 Nov: 583.05, expected 118.00 USD")
    assert page.locator("[data-chart] svg text", has_text="12 Nov").count() >= 1
    assert said == []
    context.close()


def test_from_overview_to_the_cause_in_three_steps(browser: Browser, site: str) -> None:
    """Overview counts what is open; the list and the anomaly are one click each, and its cause opens the charges."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, said = opened(context)
    page.goto(site + "/")
    page.get_by_role("link", name="cause and next step").click()
    page.wait_for_url("**/anomalies")
    page.get_by_role("link", name="ml · training · staging", exact=True).click()
    page.wait_for_url("**/anomalies/c0ffee000001")
    page.get_by_role("link", name="Open the cause").click()
    page.wait_for_url("**/explore?*")
    assert "train-staging" in page.locator(".chips").inner_text()
    assert said == []
    context.close()
