"""A server as strangers meet it: keys made on the command line, rows and roles over real HTTP."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from tests.acceptance.conftest import MONTH, House
from tests.acceptance.serving import served


def key(house: House, name: str, role: str, *more: str) -> str:
    """A key as `keys create` prints it."""
    return house.run("keys", "create", name, "--role", role, *more).out.strip()


def test_a_scoped_key_sees_its_rows_over_http(house: House) -> None:
    """Thirty dollars are published, ten of them core's: that is all its key is told of, and the digits are those of the command line."""
    with served(house) as server:
        assert server.ask("/api/v1/costs", parts={"period": MONTH}).json["rows"][0]["value"] == "30", "nobody needs a key before the first"
        everything, core = key(house, "ci", "viewer"), key(house, "core", "approver", "--scope", "team = 'core'")
        assert server.ask("/api/v1/costs", parts={"period": MONTH}).status == 401, "now everybody does, while it runs"
        asked = {"period": MONTH, "group_by": "team", "metric": "billed_cost"}
        assert [(row["team"], row["value"]) for row in server.ask("/api/v1/costs", core, parts=asked).json["rows"]] == [("core", "10")]
        joined = house.costs("billed_cost", "--group-by", "team", "--filter", "team = 'core'")["rows"]
        assert server.ask("/api/v1/costs", core, parts=asked).json["rows"] == joined
        assert {row["team"] for row in server.ask("/api/v1/costs", everything, parts=asked).json["rows"]} == {"core", "web"}
        assert server.ask("/api/v1/costs", core, parts={**asked, "filter": "team = 'web'"}).json["rows"] == []
        assert [row["value"] for row in server.ask("/api/v1/dimensions/team/values", core).json["rows"]] == ["core"]
        assert server.ask("/api/v1/charges", core).status == 422
        assert server.ask("/api/v1/deliveries", core).status == 403
        assert server.ask("/api/v1/deliveries", everything).status == 200
        assert server.ask("/plans", core).status == 403
        tags = [server.ask("/api/v1/costs", each, parts=asked).headers["etag"] for each in (core, everything)]
        assert tags[0] != tags[1]
        assert server.ask("/api/v1/costs", core, headers={"If-None-Match": tags[0]}, parts=asked).status == 304
        assert server.ask("/api/v1/costs", core, headers={"If-None-Match": tags[1]}, parts=asked).status == 200


def test_a_forecast_joins_both_filters(simulated: House, tmp_path: Path) -> None:
    """The month of a scope within the key's, as the command line reckons it of both."""
    house = simulated.copy(tmp_path)
    text = key(house, "cloud", "viewer", "--scope", "provider = 'aws'")
    with served(house) as server:
        told = server.ask("/api/v1/forecast", text, parts={"scope": "charge_category = 'Usage'"})
        assert told.status == 200, told.body
        both = house.run("forecast", "--scope", "charge_category = 'Usage' AND provider = 'aws'", "--format", "json").json
        assert [(row["currency"], row["actual"], row["forecast"]) for row in told.json["rows"]] == [
            (row["currency"], row["actual"], row["forecast"]) for row in both["rows"]
        ]
        alone = house.run("forecast", "--scope", "charge_category = 'Usage'", "--format", "json").json
        assert sum(Decimal(row["actual"]) for row in alone["rows"]) > sum(Decimal(row["actual"]) for row in told.json["rows"]) > 0


def test_who_may_not_is_told_why_and_nothing_else(house: House) -> None:
    """No key, a wrong one, a revoked one, a role too low, another name for this host: each refused, the first three alike."""
    viewer, gone = key(house, "vera", "viewer"), key(house, "gone", "admin")
    with served(house) as server:
        assert server.ask("/api/v1/plans", gone).status == 200
        house.run("keys", "revoke", gone.split("_")[2])
        told = [server.ask("/api/v1/plans", each) for each in (None, "bur_live_000000000000_no", gone)]
        assert [reply.status for reply in told] == [401] * 3
        assert len({json.dumps({**reply.json, "trace_id": ""}) for reply in told}) == 1
        assert "bursar keys create" in told[0].json["errors"][0]["hint"]
        word = {"reason": "Looked at it with the team."}
        assert server.ask(f"/api/v1/plans/{'0' * 64}/approve", viewer, body=word).status == 403
        assert server.ask("/api/v1/plans", viewer, headers={"Host": "evil.example"}).status == 400
        assert (server.ask("/plans").status, server.ask("/plans").headers["location"]) == (303, "/login?next=%2Fplans")
        assert server.ask("/livez").status == 200
    listed = house.run("keys", "list", "--format", "json")
    assert {row["name"]: (row["status"], row["used_at"] is not None) for row in listed.json["rows"]} == {
        "vera": ("active", True), "gone": ("revoked", True),
    }  # fmt: skip
    assert viewer.split("_", 3)[3] not in listed.out
    house.run("audit", "verify")


def test_bound_elsewhere_nobody_comes_in_without_a_key(house: House) -> None:
    """Not from this machine either; the server says so when it starts, and a key made meanwhile opens it."""
    with served(house, "--host", "0.0.0.0", lines=2) as server:  # noqa: S104 - the case
        assert "bursar keys create" in server.said
        assert server.ask("/api/v1/costs").status == 401
        assert server.ask("/").status == 303
        assert server.ask("/api/v1/costs", key(house, "ci", "viewer"), parts={"period": MONTH}).status == 200
