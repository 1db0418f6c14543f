"""A key with a row scope sees its rows and nothing of others, in every answer there is."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from e2e import decided
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from served import Served

from bursar.domain.money import total

TEAMS = ("payments", "search", "ml", "data", "platform", "web", "unallocated")
VALUES = {
    "team": TEAMS, "provider": ("aws", "gcp", "azure"), "env": ("prod", "dev", "staging"), "sub_account_id": ("111122223333", "444455556666", "8815520"),
    "service_name": ("Amazon EC2", "Amazon S3", "BigQuery"),
}  # fmt: skip
REASON = {"reason": "Looked at it with the team."}

_test = st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.sampled_from(VALUES[name]).map(lambda value: f"{name} = '{value}'"))
_some = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=3, unique=True).map(
        lambda values: f"{name} IN ({', '.join(repr(value) for value in values)})"
    )
)
_like = st.sampled_from(["service_name LIKE 'Amazon%'", "team LIKE '%a%'", "region_id ILIKE 'EU%'", "resource_id IS NULL"])
filters = st.recursive(
    st.one_of(_test, _some, _like),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda one: f"NOT ({one})"),
    ),
    max_leaves=3,
)


@pytest.fixture(scope="module")
def whole(estate: Served) -> TestClient:
    """Who sees everything."""
    return estate.client(estate.key("viewer"))


def rows(client: TestClient, path: str, **parts: str | int) -> list[dict[str, Any]]:
    """The rows of an answer."""
    told = client.get(f"/api/v1/{path}", params=parts)
    assert told.status_code == 200, told.text
    return told.json()["rows"]


def sums(found: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The value by currency."""
    return {
        code: total(Decimal(row["value"]) for row in found if row["currency"] == code)
        for code in sorted({row["currency"] for row in found})
    }


@given(scopes=st.tuples(filters, filters), wanted=filters, by=st.sampled_from(["team", "provider,env", "service_name", "resource_id", ""]))
@settings(max_examples=10, deadline=None)
def test_two_keys_see_their_own_rows(estate: Served, whole: TestClient, scopes: tuple[str, str], wanted: str, by: str) -> None:
    """Each is told, whatever they ask, what somebody who sees everything is told of both conditions joined.

    Parts and whole agree, and neither learns anything by the other's question, cache or ETag.
    """
    asked = {"group_by": by, "granularity": "month", "window": "2026-09-15..2026-11-18", "filter": wanted}
    clients = [estate.client(estate.key("viewer", scope)) for scope in scopes]
    tags: dict[str, str] = {}
    for client, scope in zip(clients, scopes, strict=True):
        joined = f"({wanted}) AND ({scope})"
        mine, theirs = rows(client, "costs", **asked), rows(whole, "costs", **{**asked, "filter": joined})
        assert mine == theirs
        body = {key: value for key, value in asked.items() if key != "group_by"}
        over_post = client.post("/api/v1/costs/query", json={**body, "group_by": [by] if by else []}).json()["rows"]
        assert sums(over_post) == sums(mine)
        assert rows(client, "costs", window="2026-11", granularity="total") == rows(
            whole, "costs", window="2026-11", granularity="total", filter=scope
        )
        got = client.get("/api/v1/costs", params=asked)
        tags[scope] = got.headers["etag"]
        assert client.get("/api/v1/costs", params=asked, headers={"If-None-Match": tags[scope]}).status_code == 304
        field = by.partition(",")[0] or "team"
        listed = {row["value"] for row in rows(client, f"dimensions/{field}/values", limit=100)}
        assert listed == {
            row[field] for row in rows(whole, "costs", group_by=field, granularity="total", window="2025-11-01..2026-11-18", filter=scope)
        }
    first, second = clients
    if scopes[0] != scopes[1] and tags[scopes[0]] != tags[scopes[1]]:
        assert second.get("/api/v1/costs", params=asked, headers={"If-None-Match": tags[scopes[0]]}).status_code == 200
        assert first.get("/api/v1/costs", params=asked, headers={"If-None-Match": tags[scopes[1]]}).status_code == 200


@given(
    scope=st.sampled_from(["sub_account_id = '444455556666'", "tag:team = 'ml'", "service_name LIKE 'Cloud%' OR provider = 'azure'"]),
    limit=st.integers(30, 200),
)
@settings(max_examples=4, deadline=None)
def test_pages_of_lines_stay_within_the_scope(estate: Served, whole: TestClient, scope: str, limit: int) -> None:
    """A walk by cursors gives every line of the scope once and no other; a cursor of it opens nothing to somebody else."""
    client, other = estate.client(estate.key("viewer", scope)), estate.client(estate.key("viewer", "provider = 'gcp'"))
    asked = {"window": "2026-11-10..2026-11-18", "limit": limit}
    found: list[dict[str, Any]] = []
    told = client.get("/api/v1/charges", params=asked)
    while True:
        page = told.json()
        found += page["rows"]
        if page["next"] is None:
            break
        for stranger in (other, whole):
            assert stranger.get("/api/v1/charges", params={**asked, "cursor": page["next"]}).status_code == 422
        assert f"cursor={page['next']}" in told.headers["link"]
        told = client.get(told.headers["link"][1:].partition(">")[0])
    expected = rows(whole, "charges", window="2026-11-10..2026-11-18", limit=1000, filter=scope)
    assert found == expected
    assert len(found) > 0


def test_a_question_the_scope_cannot_join_is_refused(estate: Served) -> None:
    """A team does not stand on bill lines: such a question is an error that names the scope, never an answer in part."""
    client = estate.client(estate.key("viewer", "team = 'ml'"))
    for path in ("charges", "costs?group_by=tag:team", "costs?filter=tag:team%20%3D%20%27ml%27", "dimensions/tag:team/values"):
        told = client.get(f"/api/v1/{path}")
        assert told.status_code == 422, path
        assert "team = 'ml'" in told.json()["errors"][0]["hint"]
    tagged = estate.client(estate.key("viewer", "tag:team = 'ml'"))
    assert tagged.get("/api/v1/costs?group_by=team").status_code == 422
    assert tagged.get("/api/v1/anomalies").json()["rows"] == []


ML = "team = 'ml'"


def seen(client: TestClient) -> dict[str, set[str]]:
    """What is listed to somebody, by name."""
    names = {"anomalies": "id", "plans": "digest", "budgets": "id", "savings": "rfc", "exceptions": "id", "forecast": "scope"}
    return {path: {row[name] for row in rows(client, path)} for path, name in names.items()}


def test_decisions_are_shown_where_they_lie_in_the_scope_for_certain(estate: Served) -> None:
    """By team, by account, by two of them; what spans more than the scope, or is not known to lie in it, is not there."""
    everything = seen(estate.client(estate.key("viewer")))
    assert everything["budgets"] == {"usd", "payments", "payments-prod", "ml", "gcp"}
    ml = seen(estate.client(estate.key("viewer", ML)))
    assert ml["anomalies"] == {"c0ffee000001"}
    assert ml["budgets"] == {"ml"}
    assert ml["exceptions"] == set()
    mine = {one.digest for one, _ in decided.plans() if all(change.owner == "ml" for change in one.changes)}
    assert ml["plans"] == mine
    assert decided.PROD.digest not in mine
    assert ml["savings"] == {f"RFC-{digest[:8]}" for digest in mine} & everything["savings"] != set()
    payments = seen(estate.client(estate.key("viewer", "team = 'payments'")))
    assert payments["budgets"] == {"payments", "payments-prod"}
    assert payments["anomalies"] == {"c0ffee000005"}
    assert payments["exceptions"] == {"pay-dev"}
    assert payments["plans"] == set(), "one of its resources is nobody's"
    assert payments["savings"] == set()
    assert seen(estate.client(estate.key("viewer", "team = 'payments' AND env = 'prod'")))["budgets"] == {"payments-prod"}
    assert seen(estate.client(estate.key("viewer", "team = 'search'")))["exceptions"] == {"of-search"}
    gcp = seen(estate.client(estate.key("viewer", "provider = 'gcp'")))
    assert gcp["budgets"] == {"gcp"}
    assert gcp["plans"] == everything["plans"], "all of them are disks of one cloud"
    assert gcp["anomalies"] == set(), "a team's anomaly may lie in any cloud"


def test_nothing_of_others_is_in_any_document(estate: Served) -> None:
    """The names of other teams, their budgets and what was folded in from wider series appear nowhere in what a key is told."""
    client = estate.client(estate.key("viewer", "team = 'web'"))
    paths = [
        "anomalies",
        "plans",
        "budgets",
        "savings",
        "exceptions",
        "forecast",
        "anomalies/c0ffee000003",
        "costs?group_by=team,service,env&window=month",
    ]
    for path in (*paths, "dimensions/team/values"):
        told = client.get(f"/api/v1/{path}")
        assert told.status_code == 200, path
        for name in ("payments", "search", "unallocated", "platform", "ledger", "checkout"):
            assert name not in told.text, (path, name)
    for path in ("anomalies/c0ffee000001", f"plans/{decided.WAITS.digest}"):
        absent, hidden = client.get(f"/api/v1/{path[:-1]}z").json(), client.get(f"/api/v1/{path}").json()
        assert {**absent, "trace_id": ""} == {**hidden, "trace_id": ""}, "what is hidden is as what is not there"


def test_an_anomaly_is_told_without_what_was_folded_in_from_elsewhere(estate: Served) -> None:
    """The whole team's excess is not for who sees one environment of it; the anomaly itself is the same."""
    path, narrow = "/api/v1/anomalies/c0ffee000001", "team = 'ml' AND env = 'staging'"
    mine, theirs = (estate.client(estate.key("viewer", scope)).get(path).json() for scope in (narrow, ML))
    assert [each["scope"] for each in theirs["detail"].pop("folded")] == [{"team": "ml"}]
    assert mine["detail"].pop("folded") == []
    assert mine == theirs


def test_costs_of_exceptions_are_those_of_the_key(estate: Served) -> None:
    """An exception of a team's own that reaches further is told with what it cost on the team's rows."""
    mine = rows(estate.client(estate.key("viewer", "team = 'search'")), "exceptions")
    everything = rows(estate.client(estate.key("viewer")), "exceptions")
    (narrow,), (wide,) = ([row["cost_to_date"] for row in found if row["id"] == "of-search"] for found in (mine, everything))
    expected = rows(
        estate.client(estate.key("viewer")), "costs", granularity="total", window="2026-11-01..2026-11-18", filter="provider = 'aws' AND team = 'search'"
    )  # fmt: skip
    assert Decimal(narrow[0]["amount"]) == Decimal(expected[0]["value"]).quantize(Decimal("0.000001"))
    assert Decimal(narrow[0]["amount"]) < Decimal(wide[0]["amount"])


def test_an_approver_says_a_word_on_what_lies_within_their_rows(desk: Served) -> None:
    """A plan of which a resource lies elsewhere is not there to them, and nothing is signed; nor is an anomaly or an exception."""
    client = desk.client(desk.key("approver", ML, name="ana"))
    assert client.post(f"/api/v1/plans/{decided.PROD.digest}/approve", json=REASON).status_code == 404
    assert client.post(f"/api/v1/plans/{decided.PROD.digest}/reject", json=REASON).status_code == 404
    assert client.post("/api/v1/anomalies/c0ffee000002/feedback", json={"verdict": "false"}).status_code == 404
    assert client.post("/api/v1/exceptions/pay-dev/revoke").status_code == 404
    assert desk.journal("plan.approval") == desk.journal("plan.rejected") == desk.journal("incident.feedback") == []
    assert client.post(f"/api/v1/plans/{decided.WAITS.digest}/approve", json=REASON).status_code == 200
    given = {"id": "mine", "rule": "BRS-TAG-001", "resource": "*", "owner": "data", "reason": "moves", "expires": "2026-12-01"}
    assert client.post("/api/v1/exceptions", json={**given, "scope": "env = 'dev'"}).status_code == 403
    assert client.post("/api/v1/exceptions", json={**given, "resource": "vm-1"}).status_code == 403
    assert client.post("/api/v1/exceptions", json={**given, "scope": "team = 'ml' AND env = 'dev'"}).status_code == 201
    assert client.post("/api/v1/exceptions/mine/revoke").status_code == 204
    assert json.loads(client.get("/api/v1/exceptions").text)["rows"] == []


def test_a_kept_forecast_is_shown_where_it_lies_in_the_scope(estate: Served, whole: TestClient) -> None:
    """A team's, and a budget's whose filter can choose no other row; the estate's is everybody's and nobody's part."""
    client = estate.client(estate.key("viewer", "team = 'payments'"))
    assert {row["scope_id"] for row in rows(client, "forecast")} == {"team/payments/USD", "payments-prod"}
    assert len(rows(whole, "forecast")) == 4
    wrong = client.get("/api/v1/forecast", params={"scope": "tag:team = 'x'"})
    assert (wrong.status_code, "team = 'payments'" in wrong.json()["errors"][0]["hint"]) == (422, True)
