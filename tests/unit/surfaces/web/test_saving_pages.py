from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from e2e import decided
from e2e.budgeted import saving, savings
from e2e.decided import NOW
from e2e.made import MadeHouse, application
from fastapi.testclient import TestClient

from bursar.anomaly import records
from bursar.anomaly.records import Kept
from bursar.domain.periods import stamp
from bursar.domain.savings import Saving
from bursar.savings import ledger
from bursar.store import schema
from bursar.surfaces.documents import csv_text, value
from bursar.surfaces.plans import savings as listing_of
from bursar.surfaces.web.enders import enders
from bursar.surfaces.web.savings import build, sums_of


def kept(house: MadeHouse, rows: list[dict[str, object]]) -> list[Saving]:
    """These lines, written into the ledger and read back."""
    with house.store.begin() as connection:
        for row in rows:
            connection.execute(schema.saving.insert().values(**row))
        return ledger.lines(connection)


@pytest.fixture
def lines(house: MadeHouse) -> list[Saving]:
    """One line in every standing, in two currencies."""
    return kept(house, savings())


def test_currencies_are_summed_apart(lines: list[Saving]) -> None:
    """Realised, bounds and expected are sums of one currency each; what has no verdict yet is in none of them."""
    usd, eur = sums_of(lines)
    assert (usd.currency, usd.realised, usd.expected, usd.settled) == ("USD", Decimal("437.20"), 620, 3)
    assert (usd.low, usd.high, usd.measuring, usd.young) == (Decimal("335.10"), Decimal("528.40"), 113, 2)
    assert (eur.currency, eur.realised, eur.settled, eur.young) == ("EUR", Decimal("9.10"), 1, 0)


def test_a_negative_saving_is_said_in_sign_and_word(lines: list[Saving]) -> None:
    """What cost money has a minus, a word and a shape of its own, and a sum below zero heads the page."""
    row = next(one for one in build(lines).rows if one.rfc == "RFC-00000001")
    assert (row.realised, row.more, row.mark.word) == (Decimal("-41.20"), "costs more", "costs more")
    lost = [one for one in lines if one.status == "negative"]
    assert build(lost).headline == "What was applied costs 41 USD a month more than before"
    both = [*lost, *(one for one in lines if one.currency == "EUR")]
    assert build(both).headline == "What was applied saves 9 EUR a month and costs 41 USD a month more than before"


def test_a_young_line_says_since_when_and_when_next(lines: list[Saving]) -> None:
    """Before seven days there is no verdict but a date; later checkpoints are named until the last."""
    told = {one.rfc: one.when for one in build(lines).rows}
    assert told["RFC-00000002"] == "measuring since 15 Nov 2026, next checkpoint 22 Nov 2026"
    assert told[f"RFC-{decided.DONE.digest[:8]}"] == "measuring since 17 Nov 2026, next checkpoint 24 Nov 2026"
    assert told["RFC-00000000"] == "measured 4 to 17 Nov 2026, next checkpoint 4 Dec 2026"


def test_a_line_measured_to_the_end_has_no_next_checkpoint(house: MadeHouse) -> None:
    """After ninety days nothing more is measured."""
    row = build(kept(house, [saving("RFC-1", "verified", "10", ("9", "8", "10"), days=90)])).rows[0]
    assert row.when.endswith(": to the end")


def test_the_picture_ends_at_what_was_saved(lines: list[Saving]) -> None:
    """The solid line ends at the exact difference of counterfactual and cost over the measured days, beside what was expected of them."""
    usd = build(lines).pictures[0].course
    realised, expected = (next(line.values[-1] for line in usd.lines if line.name == name) for name in ("realised", "expected"))
    details = [one.detail["measured"] for one in lines if one.currency == "USD" and one.realised]
    assert realised == sum(Decimal(told["expected_cost"]) - Decimal(told["actual_cost"]) for told in details)  # type: ignore[index]
    assert expected == Decimal("297.333333333333")
    assert (usd.days[0].isoformat(), usd.days[-1].isoformat()) == ("2026-11-04", "2026-11-17")


def test_a_promise_of_an_expired_plan_is_none(house: MadeHouse) -> None:
    """Nobody agreed in time: it is said, and its money is no promise any more."""
    told = kept(house, [saving("RFC-2", "proposed", "20", plan_digests=[decided.OLD.digest])])
    page = build(told, expired={decided.OLD.digest})
    assert (page.rows[0].mark.word, page.sums[0].promised, page.sums[0].ahead) == ("expired", 0, 0)
    assert build(told).sums[0].promised == 20


def test_what_has_no_price_is_not_known(house: MadeHouse) -> None:
    """A plan without a price promises nothing that could be summed, and is shown as not known."""
    page = build(kept(house, [saving("RFC-3", "approved", None)]))
    assert (page.rows[0].expected, page.rows[0].currency, page.sums) == (None, "", [])


def test_json_and_csv_are_the_listing_of_the_command_line(client: TestClient, lines: list[Saving]) -> None:
    """The page's files are what `bursar savings` prints, to the last digit."""
    listing = listing_of(lines)
    assert client.get("/savings?format=json").json() == json.loads(json.dumps(listing.document, default=value))
    assert client.get("/savings?format=csv").text == csv_text(listing)
    assert len(list(csv.DictReader(io.StringIO(csv_text(listing))))) == len(lines)


def test_the_page_shows_every_line_and_hostile_text_stays_text(client: TestClient, lines: list[Saving]) -> None:
    """Each RFC is an anchor with links to its plans; a title like markup is text."""
    text = client.get("/savings").text
    for one in lines:
        assert f'<tr id="{one.rfc}">' in text
        assert f'href="/plans/{one.plan_digests[0][:12]}"' in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "\u202e" not in text
    assert '<data value="-41.2">\u221241' in text


def test_before_the_first_plan_the_page_says_how(house: MadeHouse) -> None:
    """An empty ledger is a sentence and a command."""
    text = TestClient(application(house)).get("/savings").text
    assert "Nothing was proposed yet" in text
    assert "bursar plan" in text
    assert "<data" not in text


def test_plan_and_saving_lead_to_each_other(client: TestClient, lines: list[Saving]) -> None:
    """A plan's page links to its line of the ledger, and that of the plan which took it back to the same."""
    assert lines
    for plan in (decided.DONE, decided.BACK):
        assert f'href="/savings#RFC-{decided.DONE.digest[:8]}"' in client.get(f"/plans/{plan.digest[:12]}").text
    assert "/savings#" not in client.get(f"/plans/{decided.WAITS.digest[:12]}").text


def incident(house: MadeHouse, **detail: object) -> Kept:
    """The open incident of ml in staging, with these resources or causes."""
    with house.store.connect() as connection:
        found = records.find(connection, "c0ffee000001")
    assert found is not None
    return replace(found, detail={"resources": [], "causes": [], **detail})


def carried(*shares: tuple[str, str]) -> list[dict[str, object]]:
    """Resources and their parts of an excess."""
    return [{"resource_id": name, "share": share} for name, share in shares]


def test_an_anomaly_leads_to_the_plan_that_would_end_it(house: MadeHouse) -> None:
    """The plan whose resources carry it comes alone, with how much of it would end; expired ones do not count."""
    plans, now = house.acting.plans(), stamp(NOW)
    whole = incident(house, resources=carried(("train-scratch-1", "0.6"), ("train-scratch-2", "0.4")))
    assert [(one.href, one.does) for one in enders(plans, whole, now=now)] == [(f"/plans/{decided.WAITS.digest[:12]}", "would end it")]
    half = incident(house, causes=[{"scope": {"resource_id": "train-scratch-1"}, "share": "0.5"}])
    assert [one.does for one in enders(plans, half, now=now)] == ["would end 50 % of it"]
    assert enders(plans, whole, now=stamp(NOW + timedelta(days=30))) == []


def test_without_such_a_plan_the_owners_are_offered(house: MadeHouse) -> None:
    """Below a fifth of it a plan ends nothing: what waits for the same team and environment is shown instead, none for a drop."""
    plans, now = house.acting.plans(), stamp(NOW)
    few = incident(house, resources=carried(("train-scratch-1", "0.1")))
    told = enders(plans, few, now=now)
    assert {one.does for one in told} == {""}
    assert {one.href for one in told} >= {f"/plans/{decided.WAITS.digest[:12]}"}
    assert f"/plans/{decided.PROD.digest[:12]}" not in {one.href for one in told}
    assert enders(plans, replace(few, direction="down"), now=now) == []
    assert enders(plans, replace(few, status="closed"), now=now) == []
