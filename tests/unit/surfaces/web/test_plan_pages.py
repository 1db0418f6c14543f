from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa
from e2e import decided
from e2e.made import MadeHouse, application
from fastapi.testclient import TestClient

from bursar.domain.plans import Plan
from bursar.store import schema

REASON = "Seen with the team."


def at(plan: Plan) -> str:
    """A plan's address."""
    return f"/plans/{plan.digest[:12]}"


def sign(client: TestClient, plan: Plan, **fields: str) -> tuple[int, str]:
    """Send a plan's form as a browser would, with the six characters and a reason unless told otherwise; status and page."""
    found = re.search(r'name="mark" value="([0-9a-f]+)"', client.get(at(plan)).text)
    given = {"mark": found[1] if found else "", "six": plan.digest[:6], "reason": REASON, "verdict": "approve", **fields}
    told = client.post(at(plan), data=given, headers={"Origin": "http://127.0.0.1"})
    return told.status_code, told.text


def status_of(house: MadeHouse, plan: Plan) -> str:
    """How a plan stands in the store."""
    with house.store.connect() as connection:
        return connection.execute(sa.select(schema.plan.c.status).where(schema.plan.c.digest == plan.digest)).scalar_one()


def signed(house: MadeHouse, plan: Plan) -> list[tuple[str, str, str]]:
    """Who said what of a plan by which way."""
    table = schema.approval
    with house.store.connect() as connection:
        rows = connection.execute(sa.select(table).where(table.c.plan_digest == plan.digest)).mappings().all()
    return [(row["approver"], row["verdict"], row["via"]) for row in rows]


def test_the_list_says_what_waits_and_what_it_saves(client: TestClient) -> None:
    """Two plans wait, with what they would save; every standing has its word, and rows open their plan."""
    text = client.get("/plans").text
    assert "2 plans wait for a word, they would save 836 USD a month" in text
    for word in ("waits", "approved", "refused", "stale", "failed", "applied", "undone", "expired"):
        assert f"</svg>{word}</span>" in text, word
    assert f'href="{at(decided.WAITS)}"' in text
    assert len(json.loads(client.get("/plans?status=waiting&format=json").text)["rows"]) == 3


@pytest.mark.parametrize(
    ("plan", "word", "command"),
    [
        (decided.WAITS, "waits", ""), (decided.READY, "approved", "bursar apply"), (decided.OLD, "expired", "bursar plan"),
        (decided.REFUSED, "refused", "bursar plan"), (decided.STALE, "stale", "bursar plan"), (decided.FAILED, "failed", "bursar undo"),
        (decided.DONE, "undone", ""), (decided.BACK, "applied", "bursar undo"),
    ],
)  # fmt: skip
def test_every_standing_has_its_word_and_its_next_step(client: TestClient, plan: Plan, word: str, command: str) -> None:
    """Each plan says how it stands and what is typed next; only what waits can be signed."""
    text = client.get(at(plan)).text
    assert f"</svg>{word}</span>" in text
    assert command in text
    assert ("Sign and approve" in text) == (word == "waits")
    assert ('name="verdict" value="reject"' in text) == (word in {"waits", "approved"})


def test_a_plan_is_shown_as_a_difference(client: TestClient) -> None:
    """Before, why, saving, undo, permissions, blast radius, and the whole digest with its six characters apart."""
    text = client.get(at(decided.WAITS)).text
    assert "Delete 3 disks in Google Cloud, and save 426 USD a month" in text
    for said in ("train-scratch-1", "<del>1000</del>", "restore disk from its snapshot", "compute.disks.delete", "3 of 34 in gcp/acme-ml/disk", "212", "0 of 1 approval given"):  # fmt: skip
        assert said in text
    assert f"<b>{decided.WAITS.digest[:6]}</b>{decided.WAITS.digest[6:]}" in text
    assert "what 1 of 2 would save is not known" in client.get(at(decided.PROD)).text


def test_hostile_tags_and_reasons_stay_text(client: TestClient) -> None:
    """A resource, a tag, a because and a reason that look like markup are text, and what is typed comes back as text."""
    _, told = sign(client, decided.WAITS, reason='"><script>alert(1)</script>', six="wrong!")
    for text in (client.get(at(decided.WAITS)).text, client.get(at(decided.PROD)).text, told):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "\u202e" not in text


def test_six_characters_and_a_reason_approve(client: TestClient, house: MadeHouse) -> None:
    """The right six and a reason are an approval by whoever runs the server, by way of the web, and the page says so."""
    assert sign(client, decided.WAITS)[0] == 303
    assert signed(house, decided.WAITS) == [("karl", "approve", "web")]
    assert status_of(house, decided.WAITS) == "approved"
    text = client.get(at(decided.WAITS)).text
    assert "1 of 1 approval given" in text
    assert f"“{REASON}”" in text
    assert "Sign and approve" not in text


@pytest.mark.parametrize("fields", [{"six": "abcdef"}, {"six": ""}, {"reason": "ok"}, {"reason": "x" * 1001}])
def test_a_wrong_six_or_no_reason_signs_nothing(client: TestClient, house: MadeHouse, fields: dict[str, str]) -> None:
    """Other characters, none, or a reason that says nothing are refused beside their field, and what was typed stays."""
    status, text = sign(client, decided.WAITS, **fields)
    assert status == 422
    assert 'aria-invalid="true"' in text
    assert (REASON in text) == ("reason" not in fields)
    assert signed(house, decided.WAITS) == []


def test_the_maker_cannot_approve_and_is_told_why(real: TestClient, house: MadeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The maker sees no button to approve, the reason, and the line for somebody else; a form sent all the same is refused; refusing works."""
    monkeypatch.setenv("LOGNAME", "planner")
    text = real.get(at(decided.WAITS)).text
    assert "Whoever makes a plan cannot approve it" in text.replace("whoever", "Whoever")
    assert "Sign and approve" not in text
    assert f"bursar approve {decided.WAITS.digest[:12]}" in text
    status, told = sign(real, decided.WAITS)
    assert status == 409
    assert "made the plan and may not approve it" in told
    assert signed(house, decided.WAITS) == []
    assert sign(real, decided.WAITS, verdict="reject", six="")[0] == 303
    assert status_of(house, decided.WAITS) == "rejected"


def test_another_name_is_taken_on_a_simulated_estate_only(
    client: TestClient, real: TestClient, house: MadeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing is real somebody else may be named; where it is, the name in a form is nobody's word."""
    monkeypatch.setenv("LOGNAME", "planner")
    assert 'name="as"' not in real.get(at(decided.WAITS)).text
    assert sign(real, decided.WAITS, **{"as": "ana"})[0] == 409
    assert sign(client, decided.WAITS, **{"as": "ana"})[0] == 303
    assert signed(house, decided.WAITS) == [("ana", "approve", "web")]


def test_two_people_are_counted(client: TestClient, house: MadeHouse) -> None:
    """Production needs two: with one word the plan waits, with the second it is approved."""
    assert "1 of 2 approvals given" in client.get(at(decided.PROD)).text
    assert sign(client, decided.PROD)[0] == 303
    assert status_of(house, decided.PROD) == "approved"


def test_what_is_over_cannot_be_signed(client: TestClient, house: MadeHouse) -> None:
    """An expired, applied or rejected plan takes no word, and the refusal is on its page."""
    for plan in (decided.OLD, decided.DONE, decided.REFUSED):
        before = status_of(house, plan)
        path = at(plan)
        found = re.search(r'name="mark" value="([0-9a-f]+)"', client.get(at(decided.WAITS)).text)
        assert found
        told = client.post(path, data={"mark": found[1], "six": plan.digest[:6], "reason": REASON, "verdict": "approve"})
        assert told.status_code == 409
        assert status_of(house, plan) == before


def test_an_edited_plan_is_told_as_one(client: TestClient, house: MadeHouse) -> None:
    """A body that is not what its digest names is said, and no form offers to sign it."""
    with house.store.begin() as connection:
        body = connection.execute(sa.select(schema.plan.c.body).where(schema.plan.c.digest == decided.WAITS.digest)).scalar_one()
        edited = body.replace("train-scratch-1", "ledger-prod-01")
        connection.execute(schema.plan.update().where(schema.plan.c.digest == decided.WAITS.digest).values(body=edited))
    text = client.get(at(decided.WAITS)).text
    assert "This plan was edited" in text
    assert "Sign and approve" not in text


def test_a_plan_page_is_signed_on_this_machine_only(house: MadeHouse) -> None:
    """Reached by another name, the page says that nobody is known there and takes no word."""
    away = TestClient(application(house), base_url="http://bursar.example", follow_redirects=False)
    assert "nobody is known here" in away.get(at(decided.WAITS)).text.lower()
    status, _ = sign(away, decided.WAITS)
    assert status == 409
    assert signed(house, decided.WAITS) == []


def test_an_unknown_plan_is_a_page(client: TestClient) -> None:
    """A wrong or too short digest answers 404 with the way back."""
    for path in ("/plans/ffffffffffff", "/plans/abc", "/plans/%3Cscript%3E"):
        told = client.get(path)
        assert told.status_code == 404
        assert "There is no such page" in told.text


def test_before_the_first_plan_the_page_says_how(house: MadeHouse) -> None:
    """No plan is a sentence and a command."""
    with house.store.begin() as connection:
        for table in (schema.approval, schema.change, schema.plan):
            connection.execute(table.delete())
    text = TestClient(application(house)).get("/plans").text
    assert "No plan was made yet" in text
    assert "bursar plan" in text


def test_the_kill_switch_is_said(client: TestClient, house: MadeHouse) -> None:
    """While applying is stopped, the list says so and how it goes on."""
    house.acting.stop("incident 7", actor="ana")
    text = client.get("/plans").text
    assert "Applying is stopped" in text
    assert "incident 7" in text
    assert "bursar resume" in text


def test_applying_is_asked_for_not_done(client: TestClient, house: MadeHouse) -> None:
    """An approved plan's button writes the request down, for the worker; nothing is changed by the page, and pressing twice is once."""
    assert sign(client, decided.READY, verdict="apply")[0] == 303
    assert status_of(house, decided.READY) == "approved"
    text = client.get(at(decided.READY)).text
    assert "</svg>wanted</span>" in text
    assert "asked for it at" in text
    assert sign(client, decided.READY, verdict="apply")[0] == 303


def test_what_is_not_approved_cannot_be_asked_for(client: TestClient) -> None:
    """A proposal: the reason is on the page."""
    code, text = sign(client, decided.WAITS, verdict="apply")
    assert (code, "only an approved one is applied" in text) == (409, True)


def test_where_nothing_was_done_there_is_nothing_to_take_back(client: TestClient) -> None:
    """And the page says so."""
    code, text = sign(client, decided.FAILED, verdict="undo")
    assert (code, "there is nothing to take back" in text) == (409, True)


def test_a_signature_that_was_used_is_told_as_one(client: TestClient, house: MadeHouse) -> None:
    """An approval counted when it was used, however long ago it ended; one that ended unused does not."""
    ended = sa.update(schema.approval).values(expires_at="2026-01-02T00:00:00Z")
    with house.store.begin() as connection:
        assert connection.execute(ended.where(schema.approval.c.plan_digest == decided.READY.digest)).rowcount
    assert "does not count" in client.get(at(decided.READY)).text
    with house.store.begin() as connection:
        connection.execute(ended.values(used_at="2026-01-01T00:00:00Z").where(schema.approval.c.plan_digest == decided.READY.digest))
    assert "does not count" not in client.get(at(decided.READY)).text
