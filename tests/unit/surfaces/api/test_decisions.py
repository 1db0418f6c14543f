"""Anomalies, plans, budgets, forecasts, savings and exceptions over HTTP: the command line's documents, and words by verified keys."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from e2e import decided
from fastapi.testclient import TestClient
from served import NOW, Served

from bursar.store import schema
from bursar.surfaces.cli.main import cli

LISTS = {
    "anomalies": "anomalies list", "plans": "plans list", "budgets": "budgets status", "savings": "savings", "exceptions": "exceptions list",
    "forecast": "forecast",
}  # fmt: skip
WAITS, READY = decided.WAITS.digest, decided.READY.digest
REASON = {"reason": "Looked at it with the team."}


def schema_of(name: str) -> Any:  # noqa: ANN401 - a JSON schema
    """A committed schema."""
    return json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())


def run(house: Served, *words: str) -> str:
    """What the command line prints over the same house."""
    done = CliRunner().invoke(cli, ["--home", str(house.config.home), "--config", str(house.config.home / "bursar.yaml"), *words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def client(desk: Served) -> TestClient:
    """The local administrator."""
    return desk.client()


@pytest.mark.parametrize("name", LISTS)
def test_the_api_says_what_the_command_line_says(estate: Served, name: str) -> None:
    """The same document, to the letter, as its committed schema has it; the same rows as CSV."""
    client = estate.client(estate.key("viewer"))
    told = client.get(f"/api/v1/{name}")
    assert told.status_code == 200, told.text
    jsonschema.Draft202012Validator(schema_of(name)).validate(told.json())
    words = LISTS[name].split()
    assert told.json() == json.loads(run(estate, *words, "--format", "json"))
    rows = client.get(f"/api/v1/{name}", headers={"Accept": "text/csv"})
    assert rows.headers["content-type"] == "text/csv; charset=utf-8"
    assert rows.text == run(estate, *words, "--format", "csv")
    assert len(list(csv.reader(io.StringIO(rows.text)))) == len(told.json()["rows"]) + 1


def test_one_of_them_is_named_whole(client: TestClient, desk: Served) -> None:
    """An anomaly by its id, a plan by its whole digest; a beginning, as the command line takes, names nothing here."""
    one = client.get("/api/v1/anomalies/c0ffee000001").json()
    jsonschema.Draft202012Validator(schema_of("anomaly")).validate(one)
    assert one == json.loads(run(desk, "anomalies", "show", "c0ffee000001", "--format", "json"))
    assert client.get("/api/v1/anomalies/c0ffee000001?format=csv").text.startswith("id,scope,direction")
    assert [row["digest"] for row in client.get(f"/api/v1/plans/{WAITS}").json()["rows"]] == [WAITS]
    for path in ("anomalies/c0ffee", "anomalies/x", f"plans/{WAITS[:12]}", f"plans/{'0' * 64}", f"plans/{WAITS.upper()}"):
        told = client.get(f"/api/v1/{path}")
        assert (told.status_code, told.json()["code"]) == (404, "not_found"), path
    assert client.post(f"/api/v1/plans/{WAITS[:12]}/approve", json=REASON).status_code == 404
    assert client.post("/api/v1/anomalies/c0ffee/feedback", json={"verdict": "true"}).status_code == 404


def test_what_is_not_a_parameter_is_an_error(client: TestClient) -> None:
    """With the nearest name, on every list; a body says nothing beside what it may."""
    for name in LISTS:
        told = client.get(f"/api/v1/{name}?formatt=json")
        assert (told.status_code, told.json()["errors"][0]["hint"]) == (422, "did you mean 'format'?")
        assert client.get(f"/api/v1/{name}?format=xml").status_code == 422
    assert client.get("/api/v1/anomalies?status=closd").status_code == 422
    assert {row["status"] for row in client.get("/api/v1/anomalies?status=closed").json()["rows"]} == {"closed"}
    for body in ({**REASON, "approver": "eve"}, {**REASON, "as": "eve"}, {"reason": "short"}, {}, [], {"reason": "x" * 1001}):
        assert client.post(f"/api/v1/plans/{WAITS}/approve", json=body).status_code == 422
    assert client.get("/api/v1/forecast?scope=teem%20%3D%20%27a%27").status_code in {200, 422}


def test_an_etag_of_decisions_follows_the_journal(client: TestClient, desk: Served) -> None:
    """Unchanged until somebody decides; then another. 304 comes without reading one plan."""
    for name in ("anomalies", "anomalies/c0ffee000001", "plans", f"plans/{READY}", "savings"):
        client.get(f"/api/v1/{name}")
        first = client.get(f"/api/v1/{name}")
        tag = first.headers["etag"]
        assert tag.startswith('W/"j'), name
        again = client.get(f"/api/v1/{name}", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), name
    tag = client.get("/api/v1/plans").headers["etag"]
    with desk.store.begin() as connection:
        connection.execute(schema.plan.update().where(schema.plan.c.digest == READY).values(body="not a plan"))
    assert client.get("/api/v1/plans", headers={"If-None-Match": tag}).status_code == 304
    assert client.post("/api/v1/anomalies/c0ffee000001/feedback", json={"verdict": "true"}).status_code == 200
    told = client.get("/api/v1/plans", headers={"If-None-Match": tag})
    assert (told.status_code, READY in told.text) == (200, False), "a plan that was edited is in no list"
    assert client.get(f"/api/v1/plans/{READY}").status_code == 404


def test_an_etag_of_ledgers_follows_their_file_and_the_clock(desk: Served) -> None:
    """What a file of the project or the minute decides is asked again when they change, and not before."""
    client, later = desk.client(), replace(desk, clock=lambda: NOW + timedelta(minutes=1)).client()
    for name, file in (
        ("budgets", "budgets.yaml"),
        ("exceptions", "exceptions.yaml"),
        ("forecast", "thresholds.yaml"),
        ("exceptions/requests", ""),
    ):
        tag = client.get(f"/api/v1/{name}").headers["etag"]
        known = {"If-None-Match": tag}
        assert tag.startswith('W/"j'), name
        assert client.get(f"/api/v1/{name}", headers=known).status_code == 304, name
        assert later.get(f"/api/v1/{name}", headers=known).status_code == 200, name
        if file:
            place = desk.config.home / file
            place.write_text((place.read_text() if place.exists() else "") + "\n# another line\n")
            assert client.get(f"/api/v1/{name}").headers["etag"] != tag, name


def test_an_approval_is_the_keys(desk: Served) -> None:
    """It is signed with the name of the key, by way of api, with its reason; the journal tells so."""
    client = desk.client(desk.key("approver", name="ana@acme.example"))
    told = client.post(f"/api/v1/plans/{WAITS}/approve", json=REASON)
    assert (told.status_code, told.json()) == (200, {"digest": WAITS, "status": "approved", "given": 1, "needed": 1}), told.text
    (entry,) = desk.journal("plan.approval")
    assert {name: entry[name] for name in ("actor", "digest", "role", "via", "reason")} == {
        "actor": "ana@acme.example", "digest": WAITS, "role": "approver", "via": "api", **REASON,
    }  # fmt: skip
    assert client.post(f"/api/v1/plans/{decided.PROD.digest}/reject", json=REASON).json()["status"] == "rejected"
    again = client.post(f"/api/v1/plans/{decided.PROD.digest}/approve", json=REASON)
    assert (again.status_code, again.json()["code"]) == (409, "refused")


def test_an_apply_is_asked_for(desk: Served) -> None:
    """By an operator, of an approved plan: the worker finds the request under the key's name. What takes a plan back is a plan."""
    client = desk.client(desk.key("operator", name="oli"))
    told = client.post(f"/api/v1/plans/{READY}/apply")
    assert (told.status_code, told.json()["rows"][0]["digest"]) == (202, READY), told.text
    assert desk.journal("plan.requested") == [{"actor": "oli", "digest": READY}]
    assert client.post(f"/api/v1/plans/{WAITS}/apply").status_code == 409
    assert client.post(f"/api/v1/plans/{WAITS}/undo").status_code == 409
    with desk.store.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.change)).scalar() == 5, "nothing is applied by asking"


def test_whoever_made_a_plan_does_not_approve_it(desk: Served) -> None:
    """Whatever the role; nothing is written down."""
    for role in ("approver", "admin"):
        told = desk.client(desk.key(role, name="planner")).post(f"/api/v1/plans/{WAITS}/approve", json=REASON)
        assert (told.status_code, told.json()["code"]) == (409, "refused")
    assert desk.journal("plan.approval") == []


def test_feedback_is_the_keys(desk: Served) -> None:
    """Kept with its name and days; it closes what it closes, and a range that ends before it starts is none."""
    client = desk.client(desk.key("analyst", name="ben"))
    path = "/api/v1/anomalies/c0ffee000001/feedback"
    wrong = client.post(path, json={"verdict": "planned", "first": "2026-11-20", "last": "2026-11-12"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "question")
    assert client.post(path, json={"verdict": "maybe"}).status_code == 422
    told = client.post(path, json={"verdict": "planned", "first": "2026-11-12", "last": "2026-11-20", "note": "load test"})
    assert (told.status_code, told.json()["status"]) == (200, "closed")
    with desk.store.connect() as connection:
        row = connection.execute(sa.select(schema.feedback).where(schema.feedback.c.incident_id == "c0ffee000001")).mappings().one()
    assert (row["by"], row["verdict"], row["first_day"], row["last_day"], row["note"]) == (
        "ben",
        "planned",
        "2026-11-12",
        "2026-11-20",
        "load test",
    )


def test_an_exception_is_granted_by_the_key(desk: Served) -> None:
    """Its approver is the key's name; what would not apply is refused, what is malformed is said, and it can be ended."""
    client = desk.client(desk.key("approver", name="ana"))
    given = {"id": "vm", "rule": "BRS-TAG-001", "resource": "vm-*", "owner": "ml", "reason": "moves", "expires": "2026-12-01"}
    told = client.post("/api/v1/exceptions", json=given)
    assert told.status_code == 201, told.text
    jsonschema.Draft202012Validator(schema_of("exceptions")).validate(told.json())
    assert [(row["id"], row["approver"], row["applies"]) for row in told.json()["rows"]] == [("vm", "ana", True)]
    assert desk.journal("exception.granted")[0]["actor"] == "ana"
    for body, status in (
        (given, 422),
        ({**given, "id": "b", "owner": "ana"}, 409),
        ({**given, "id": "c", "expires": "2027-12-01"}, 422),
        ({**given, "id": "d", "expires": "soon"}, 422),
        ({**given, "id": "e", "approver": "eve"}, 422),
        ({**given, "id": "f", "resource": "*"}, 422),
        ({**given, "id": "g", "max_monthly_cost": "much"}, 422),
    ):
        assert client.post("/api/v1/exceptions", json=body).status_code == status, body
    assert "vm" in {row["id"] for row in client.get("/api/v1/exceptions").json()["rows"]}
    assert client.post("/api/v1/exceptions/vm/revoke").status_code == 204
    assert client.post("/api/v1/exceptions/vm/revoke").status_code == 404
    assert client.post("/api/v1/exceptions/pay-dev/revoke").status_code == 409
    assert desk.journal("exception.revoked") == [{"actor": "ana", "id": "vm"}]


def test_an_exception_is_asked_for_by_one_and_granted_by_another(desk: Served) -> None:
    """An analyst asks; whoever asked does not allow it; what is granted, declined or over waits no more; each step is told."""
    ben, bens_boss = desk.client(desk.key("analyst", name="ben")), desk.client(desk.key("admin", name="ben"))
    ana = desk.client(desk.key("approver", name="ana"))
    given = {"rule": "BRS-TAG-001", "resource": "vm-*", "owner": "ml", "reason": "moves", "expires": "2026-12-01"}
    for name in ("one", "two"):
        assert ben.post("/api/v1/exceptions/requests", json={"id": name, **given}).status_code == 201
    assert ben.post("/api/v1/exceptions/requests", json={"id": "one", **given}).status_code == 422
    assert ben.post("/api/v1/exceptions/requests", json={"id": "three", **given, "resource": "*"}).status_code == 422
    listed = ana.get("/api/v1/exceptions/requests").json()
    jsonschema.Draft202012Validator(schema_of("requests")).validate(listed)
    assert [(row["id"], row["requested_by"]) for row in listed["rows"]] == [("one", "ben"), ("two", "ben")]
    assert "one" not in {row["id"] for row in ana.get("/api/v1/exceptions").json()["rows"]}, "asking counts for nothing"
    assert bens_boss.post("/api/v1/exceptions/requests/one/grant").status_code == 409
    told = ana.post("/api/v1/exceptions/requests/one/grant")
    assert (told.status_code, told.json()["rows"][0]["approver"]) == (201, "ana"), told.text
    assert ana.post("/api/v1/exceptions/requests/two/decline", json={"reason": "tag it instead"}).status_code == 204
    assert ana.get("/api/v1/exceptions/requests").json()["rows"] == []
    assert ana.post("/api/v1/exceptions/requests/one/grant").status_code == 404
    assert ana.post("/api/v1/exceptions/requests/two/grant").status_code == 404
    assert [one["actor"] for one in desk.journal("exception.requested")] == ["ben", "ben"]
    assert desk.journal("exception.declined") == [{"actor": "ana", "id": "two", "reason": "tag it instead"}]


def test_a_request_is_seen_as_its_exception_would_be(desk: Served) -> None:
    """By those of its rows, and nobody asks for what they do not see."""
    mine, other = (
        desk.client(desk.key("approver", "team = 'ml'", name="ana")),
        desk.client(desk.key("approver", "team = 'web'", name="eve")),
    )
    given = {"id": "x", "rule": "BRS-TAG-001", "resource": "*", "owner": "data", "reason": "moves", "expires": "2026-12-01"}
    assert mine.post("/api/v1/exceptions/requests", json={**given, "scope": "env = 'dev'"}).status_code == 403
    assert mine.post("/api/v1/exceptions/requests", json={**given, "scope": "team = 'ml' AND env = 'dev'"}).status_code == 201
    assert [row["id"] for row in mine.get("/api/v1/exceptions/requests").json()["rows"]] == ["x"]
    assert other.get("/api/v1/exceptions/requests").json()["rows"] == []
    assert other.post("/api/v1/exceptions/requests/x/decline", json=REASON).status_code == 404
