"""How the data stands, over HTTP."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from bursar.surfaces.api import models
from bursar.surfaces.api.app import create_app

SNAPSHOT = Path(__file__).parents[4] / "docs/api/openapi.json"


def test_invoices_are_told_as_the_contract_says(client: TestClient) -> None:
    """Reconciliation carries the contract's fields, decimals as text, and its waterfall."""
    document = client.get("/api/v1/reconciliation").json()
    schema = json.loads(files("bursar").joinpath("surfaces/schemas/reconcile.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    (row,) = document["rows"]
    assert (row["billed_cost"], row["difference"], row["status"]) == ("100.1", "-1.5", "within_tolerance")
    assert row["waterfall"] == [{"name": "tax", "amount": "-1.5", "proof": "lines of category Tax"}]
    assert client.get("/api/v1/reconciliation?period=2026-01").json() == {"rows": []}


def test_deliveries_and_quarantine_are_told(client: TestClient) -> None:
    """What arrived is listed newest first; what is held back comes with cause and cure, and never runs in a spreadsheet."""
    assert [row["name"] for row in client.get("/api/v1/deliveries").json()["rows"]] == ["=cmd.csv", "june.csv"]
    (held,) = client.get("/api/v1/quarantine").json()["rows"]
    assert (held["cause"], held["cure"]) == ("it is torn", "send it again")
    assert ",'=cmd.csv," in client.get("/api/v1/quarantine?format=csv").text


def test_generations_and_freshness_are_told(client: TestClient) -> None:
    """Every published state is listed; ages are there even while nothing is live."""
    assert client.get("/api/v1/generations").json()["rows"][0]["n"] == 3
    assert client.get("/api/v1/freshness").json() == {"rows": []}


def test_an_unchanged_state_is_304(client: TestClient) -> None:
    """The state of the store has an ETag of its own content."""
    tag = client.get("/api/v1/deliveries").headers["ETag"]
    assert client.get("/api/v1/deliveries", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(("path", "body"), [("/livez", {"status": "ok"}), ("/readyz", {"status": "ok", "generation": 3})])
def test_probes_answer(client: TestClient, path: str, body: dict[str, object]) -> None:
    """Probes say that the process lives and what generation it serves."""
    assert client.get(path).json() == body


def test_the_models_tell_what_the_documents_hold(client: TestClient) -> None:
    """Each reply fits the model OpenAPI shows for it, with no field more or less."""
    for path, model in {
        "costs?group_by=team&compare=previous_period": models.Costs,
        "charges?limit=2": models.Charges,
        "dimensions/team/values": models.DimensionValues,
        "reconciliation": models.Reconciliation,
        "deliveries": models.Deliveries,
        "generations": models.Generations,
    }.items():
        document = client.get(f"/api/v1/{path}").json()
        told = model.model_validate(document)
        row = document["rows"][0]
        missing = set(type(told.rows[0]).model_fields) - set(row)
        assert not missing, path


def test_the_openapi_file_is_the_committed_one(house: Any) -> None:  # noqa: ANN401 - the fixture's own class
    """A change of the API shows in `docs/api/openapi.json`; write it anew with BURSAR_WRITE_SNAPSHOTS=1."""
    text = json.dumps(create_app(house).openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("BURSAR_WRITE_SNAPSHOTS"):
        SNAPSHOT.parent.mkdir(parents=True, exist_ok=True)
        SNAPSHOT.write_text(text)
    assert SNAPSHOT.read_text() == text


def test_every_operation_has_an_id_and_its_errors(house: Any) -> None:  # noqa: ANN401 - as above
    """Each operation is named once and says how it fails; every reference resolves."""
    document = create_app(house).openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    assert document["openapi"].startswith("3.1")
    assert all(f'"#/components/schemas/{name}"' not in text or name in schemas for name in ("Problem", "FaultModel", "HTTPValidationError"))
    assert all("422" in operation["responses"] for operation in operations if operation["tags"] != ["probes"])
