"""Who comes in, and what their role lets them do, on every address there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from e2e import decided
from fastapi import APIRouter
from fastapi.testclient import TestClient
from served import NOW, Served

from bursar.store import keys, schema
from bursar.surfaces import api
from bursar.surfaces.api.app import PREFIX, ROUTERS, create_app
from bursar.surfaces.api.rights import Whole, declared, rights_of

PLAN = decided.WAITS.digest
EXCEPTION = {"id": "x", "rule": "BRS-TAG-001", "resource": "vm", "owner": "ml", "reason": "r", "expires": "2026-12-01"}
BODIES = {
    "/costs/query": {}, "/anomalies/{ident}/feedback": {"verdict": "expected"}, "/plans/{digest}/approve": {"reason": "seen it all"},
    "/plans/{digest}/reject": {"reason": "seen it all"},
    "/exceptions": EXCEPTION, "/exceptions/requests": EXCEPTION, "/exceptions/requests/{ident}/decline": {"reason": "not this one"},
}  # fmt: skip


def operations(house: Served) -> list[tuple[str, str]]:
    """Method and address of everything below the prefix."""
    paths = create_app(house).openapi()["paths"]
    return [(method.upper(), path) for path, found in sorted(paths.items()) if path.startswith(PREFIX) for method in found]


def ask(client: TestClient, method: str, path: str) -> int:
    """The status of one operation, with a body it takes."""
    place = path.replace("{dimension}", "team").replace("{digest}", PLAN)
    place = place.replace("{ident}", "c0ffee000001" if "anomalies" in path else "no-such")
    return client.request(method, place, json=BODIES.get(path.removeprefix(PREFIX), {}) if method == "POST" else None).status_code


def test_every_address_says_who_may_ask_and_whether_it_answers_in_part(desk: Served) -> None:
    """The routers hold nothing else than what the document lists, and an address that says nothing cannot be served."""
    routes = [route for router in ROUTERS for route in router.routes]
    listed = {(next(iter(route.methods)), PREFIX + route.path): rights_of(route) for route in routes}  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]
    assert set(listed) == set(operations(desk))
    assert all(len(rights) == 1 for rights in listed.values())
    whole = {path for (_, path), rights in listed.items() if isinstance(rights[0], Whole)}
    assert whole == {f"{PREFIX}/{name}" for name in ("reconciliation", "freshness", "deliveries", "quarantine", "generations")}
    forgetful = APIRouter()
    forgetful.add_api_route("/secrets", lambda: {"all": "of them"})
    with pytest.raises(TypeError, match="/secrets"):
        declared(forgetful)


def test_endpoints_read_through_their_desk_alone() -> None:
    """No module of the API but the desk imports what answers about costs or decisions."""
    readers = ("import ask", "dimension_values", "import lines", "records", "acting()", "counted", "forecasting", "house_of", "open_gate")
    for file in Path(api.__path__[0]).glob("*.py"):
        if file.name not in {"desk.py", "rights.py", "house.py", "health.py", "app.py"}:
            found = [word for word in readers if word in file.read_text("utf-8")]
            assert found == [], file.name


def test_without_a_key_that_counts_nobody_comes_in(desk: Served) -> None:
    """Missing, wrong, expired, revoked: the same text on every address, and the cure."""
    gone = desk.key("admin", name="gone")
    old = desk.key("admin", name="old", expires=NOW + timedelta(seconds=1))
    with desk.store.begin() as connection:
        keys.revoke(connection, gone.split("_")[2], actor="test", now=NOW)
        connection.execute(schema.api_key.update().where(schema.api_key.c.subject == "old").values(expires_at="2026-11-01T00:00:00Z"))
    texts: set[str] = set()
    everywhere = operations(desk)
    for sent in (None, gone, old, "bur_live_000000000000_x", gone[:-1], ""):
        client = desk.client(sent)
        for method, path in everywhere:
            assert ask(client, method, path) == 401, (sent, path)
        told = client.get("/api/v1/plans")
        assert told.headers["www-authenticate"] == "Bearer"
        assert told.headers["content-type"] == "application/problem+json"
        document = {**told.json(), "trace_id": ""}
        assert "bursar keys create" in document["errors"][0]["hint"]
        texts.add(repr(document))
    assert len(texts) == 1
    basic = desk.client()
    assert basic.get("/api/v1/plans", headers={"Authorization": "Basic YTpi"}).status_code == 401
    assert basic.post("/api/v1/plans/x/approve", content=b"{nonsense").status_code == 401, "a body is not read before the door"
    assert basic.get("/api/v1/no-such").status_code == 401
    assert basic.get("/api/v1/openapi.json").status_code == 401


def test_the_local_user_is_the_administrator_until_there_is_a_key(desk: Served) -> None:
    """On loopback and not through a proxy; a wrong key is nobody all the same; one revoked key closes the door for good."""
    client = desk.client()
    assert client.get("/api/v1/plans").status_code == 200
    assert client.get("/api/v1/deliveries").status_code == 200
    assert client.get("/api/v1/plans", headers={"Authorization": "Bearer bur_live_0_x"}).status_code == 401
    assert client.get("/api/v1/plans", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401
    assert desk.client(is_local=False).get("/api/v1/plans").status_code == 401
    text = desk.key("viewer")
    assert client.get("/api/v1/plans").status_code == 401
    assert desk.client(text, is_local=False).get("/api/v1/plans").status_code == 200
    with desk.store.begin() as connection:
        keys.revoke(connection, text.split("_")[2], actor="test", now=NOW)
    assert client.get("/api/v1/plans").status_code == 401


def test_probes_are_open(desk: Served) -> None:
    """Whoever watches the process needs no key."""
    desk.key("admin")
    for path in ("/livez", "/readyz", "/startupz"):
        assert desk.client(is_local=False).get(path).status_code == 200


def test_a_role_may_what_is_its_own(desk: Served) -> None:
    """Each role on each address: 403 below what it asks for, and something else from there on."""
    asked = {(next(iter(route.methods)), PREFIX + route.path): rights_of(route)[0].role for router in ROUTERS for route in router.routes}  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]
    assert {role for (method, _), role in asked.items() if method == "GET"} == {"viewer"}
    assert {path.rpartition("/")[2]: role for (method, path), role in asked.items() if method == "POST"} == {
        "query": "viewer", "feedback": "analyst", "approve": "approver", "reject": "approver", "exceptions": "approver", "revoke": "approver", "apply": "operator", "undo": "operator", "requests": "analyst", "grant": "approver", "decline": "approver",
    }  # fmt: skip
    for role in ("viewer", "analyst", "approver", "operator", "admin"):
        client = desk.client(desk.key(role))
        for (method, path), needed in asked.items():
            may = keys.ROLES.index(role) >= keys.ROLES.index(needed)
            assert (ask(client, method, path) != 403) is may, (role, path)


def test_what_is_about_everything_is_refused_to_who_sees_some(desk: Served) -> None:
    """Also to an administrator, if the key has a scope."""
    client = desk.client(desk.key("admin", "team = 'ml'"))
    for name in ("reconciliation", "freshness", "deliveries", "quarantine", "generations"):
        assert client.get(f"/api/v1/{name}").status_code == 403
    assert client.get("/api/v1/plans").status_code == 200


def test_another_site_changes_nothing_where_no_key_is_asked_for(desk: Served) -> None:
    """A page elsewhere can make the browser on this machine send; the browser says so, and a form is no JSON."""
    client, path = desk.client(), f"/api/v1/plans/{PLAN}/approve"
    body = {"reason": "seen it all"}
    for told in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert client.post(path, json=body, headers=told).status_code == 403
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert client.post(path, content=b'{"reason": "seen it all"}', headers={"Content-Type": kind}).status_code == 422
    bare = client.build_request("POST", path, content=b'{"reason": "seen it all"}')
    assert "content-type" not in bare.headers
    assert client.send(bare).status_code == 422
    with desk.store.connect() as connection:
        assert connection.execute(sa.select(schema.approval.c.approver).where(schema.approval.c.plan_digest == PLAN)).all() == []


def test_a_use_is_noted_and_a_broken_scope_opens_nothing(desk: Served) -> None:
    """`used_at` is written with the first request; a key whose scope cannot be read any more is no key."""
    text = desk.key("viewer")
    assert desk.client(text).get("/api/v1/plans").status_code == 200
    with desk.store.begin() as connection:
        assert connection.execute(sa.select(schema.api_key.c.used_at)).scalar_one() == "2026-11-18T05:40:00Z"
        connection.execute(schema.api_key.update().values(scope="team ="))
    assert desk.client(text).get("/api/v1/plans").status_code == 401
