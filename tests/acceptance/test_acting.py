"""Plan, approve, apply, take back, and the saving in the next bill: the whole way, as processes, under the real policy engine."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from planned_changes import binary

from tests.acceptance.conftest import House, once
from tests.acceptance.serving import Reply, served

SIMULATE = ("-q", "simulate", "--rows", "1500", "--seed", "5", "--clouds", "aws,gcp")
APPROVERS = ("second@acme.example", "third@acme.example")


@pytest.fixture
def acme(session_folder: Path, tmp_path: Path) -> House:
    """Two months of two clouds, ingested with their control planes: a copy of what was made once."""
    with once(session_folder, "acme") as place:
        if place:
            place.mkdir()
            (place / "bursar.yaml").write_text(f"opa: {{binary: {binary()}}}\n")
            House(project=place).run(*SIMULATE, "--out", "bills", "--from", "2025-01", "--months", "2")
            House(project=place).run("-q", "ingest", "bills")
    return House(project=session_folder / "acme").copy(tmp_path / "acme")


def plans(house: House) -> dict[str, Any]:
    """Every plan by the cloud it is for."""
    return {row["changes"][0]["provider"]: row for row in house.run("plans", "list", "--format", "json").json["rows"] if not row["undoes"]}


def agreed(house: House, digest: str) -> None:
    """As many people as it takes say yes."""
    for name in APPROVERS:
        house.run("approve", digest[:12], "--as", name, code=None)


def carried_out(house: House, row: Any) -> None:  # noqa: ANN401 - a row of JSON
    """Refused without approval and with the maker's; approved by others it is applied, once."""
    assert "0 of" in house.run("apply", row["digest"], code=1).err
    assert "may not approve" in house.run("approve", row["digest"], "--as", row["maker"], code=1).err
    agreed(house, row["digest"])
    house.run("apply", row["digest"][:8])
    assert "once" in house.run("apply", row["digest"], code=1).err


def usage(house: House, bills: str, provider: str) -> Decimal:
    """A month's effective cost of usage, by the truth of what was simulated."""
    told = json.loads((house.project / bills / "truth.json").read_text())["periods"]["2025-03"][provider]
    return Decimal(told["by_charge_category"]["Usage"]["effective"])


def cost_of(house: House, resource: str, period: str) -> Decimal:
    """What a resource costs in a billing period, by the published bill."""
    words = ("costs", "--filter", f"resource_id = '{resource}'", "--period", period, "--granularity", "total", "--format", "json")
    return sum((Decimal(row["value"]) for row in house.run(*words).json["rows"]), Decimal(0))


def test_a_dry_run_makes_a_plan_and_approval_executes_it(acme: House) -> None:
    """Making a plan changes nothing; another's approval lets it be applied, once; the next bill is lower by what was measured."""
    before = (acme.home / "estate.sqlite").read_bytes()
    acme.run("plan", "--playbook", "volumes_unattached")
    assert (acme.home / "estate.sqlite").read_bytes() == before
    found = plans(acme)
    assert found.keys() == {"aws", "gcp"}
    for row in found.values():
        carried_out(acme, row)
    acme.run("undo", found["gcp"]["digest"])
    back = next(row for row in acme.run("plans", "list", "--format", "json").json["rows"] if row["undoes"])
    carried_out(acme, back)

    march = ("--from", "2025-03", "--months", "1", "--events", "2025-02")
    acme.run(*SIMULATE, "--out", "march", *march, "--estate", acme.home / "estate.sqlite")
    acme.run(*SIMULATE, "--out", "as-if", *march)
    acme.run("-q", "ingest", "march")
    gone = found["aws"]["changes"][0]["resource"]
    assert cost_of(acme, gone, "2025-02") > 0
    assert cost_of(acme, gone, "2025-03") == 0
    lines = {row["plan_digests"][0]: row for row in acme.run("savings", "--format", "json").json["rows"]}
    saved, undone = lines[found["aws"]["digest"]], lines[found["gcp"]["digest"]]
    true = (usage(acme, "as-if", "aws") - usage(acme, "march", "aws")) * 30 / 31
    assert saved["status"] == "verified"
    assert abs(Decimal(saved["realised"]) - true) < true / 50
    assert Decimal(found["aws"]["saving_monthly"]["low"]) < true < Decimal(found["aws"]["saving_monthly"]["high"])
    assert undone["plan_digests"] == [found["gcp"]["digest"], back["digest"]]
    assert undone["status"] in {"inconclusive", "negative"}
    assert acme.run("audit", "verify").code == 0


def test_without_a_policy_engine_nothing_is_applied(acme: House) -> None:
    """No answer is a no: exit 1, and the disks are there."""
    acme.run("plan")
    digest = plans(acme)["gcp"]["digest"]
    agreed(acme, digest)
    (acme.project / "bursar.yaml").write_text("opa: {binary: /nonexistent/opa}\n")
    before = (acme.home / "estate.sqlite").read_bytes()
    assert "engine.missing" in acme.run("apply", digest, code=1).err
    assert (acme.home / "estate.sqlite").read_bytes() == before


def test_an_exception_keeps_a_disk(acme: House) -> None:
    """Granted before, it is left out of the plan and said; granted after approval, the plan is refused."""
    acme.run("plan")
    row = plans(acme)["aws"]
    kept = row["changes"][0]["resource"]
    agreed(acme, row["digest"])
    today = datetime.now(UTC).date()
    entry = {"id": "exc-1", "rule": "volumes_unattached", "resource": kept, "owner": "core", "approver": "ana", "reason": "forensics"}
    entry |= {"created": f"{today - timedelta(days=1)}", "expires": f"{today + timedelta(days=30)}"}
    (acme.project / "exceptions.yaml").write_text(json.dumps([entry]))
    assert "exception" in acme.run("apply", row["digest"], code=1).err
    acme.run("reject", row["digest"])
    said = acme.run("plan")
    assert kept not in said.out
    assert "an exception covers it" in said.err


def test_a_stranger_approves_and_applies_on_the_page(acme: House) -> None:
    """Six characters and a reason, twice, by others than the maker; then the button: the worker beside the pages makes the changes."""
    acme.run("plan")
    digest = plans(acme)["gcp"]["digest"]
    with served(acme, worker=True) as server:

        def press(**fields: str) -> Reply:
            mark = re.search(r'name="mark" value="([0-9a-f]+)"', server.ask(f"/plans/{digest[:12]}").body.decode())
            assert mark
            return server.ask(f"/plans/{digest[:12]}", form={"mark": mark[1], **fields}, headers={"Origin": f"http://{server.address}"})

        assert press(verdict="apply").status == 409
        for name in APPROVERS:
            sent = {"six": digest[:6], "reason": "Seen with its owner.", "as": name}
            assert press(verdict="approve", **sent).status == 303
        assert press(verdict="apply").status == 303
        deadline = time.monotonic() + 120
        while (status := server.ask(f"/api/v1/plans/{digest}").json["rows"][0]["status"]) != "applied" and time.monotonic() < deadline:
            time.sleep(0.5)
    assert status == "applied"
    assert "once" in acme.run("apply", digest, code=1).err
