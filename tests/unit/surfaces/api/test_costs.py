"""Questions over HTTP: the same documents, told with their generation, kept and refused properly."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from starlette.testclient import TestClient

from bursar.lake.generations import Generation
from bursar.ports import Warehouse
from bursar.query.ask import ask
from bursar.query.question import read_query
from bursar.surfaces.documents import costs as document_of

QUESTIONS = [
    {},
    {"group_by": "team", "granularity": "day", "window": "10d"},
    {"group_by": 'service_name,tag:"Cost Center"', "period": "2026-06", "top": "2"},
    {"metric": "allocated_cost", "group_by": "team,env", "compare": "previous_period"},
    {"window": "2030-01"},
    {"filter": "team = 'O''Brien' OR region_id IS NULL", "granularity": "week", "having": "value > 1"},
]


def schema(name: str) -> dict[str, Any]:
    """A committed schema."""
    found: dict[str, Any] = json.loads(files("bursar").joinpath(f"surfaces/schemas/{name}.json").read_text())
    return found


def valid(document: object, name: str) -> None:
    """Hold a document to its schema."""
    jsonschema.Draft202012Validator(schema(name)).validate(document)


@pytest.mark.parametrize("parts", QUESTIONS)
def test_get_post_and_ask_give_one_document(
    client: TestClient, generation: Generation, warehouse: Warehouse, parts: dict[str, str]
) -> None:
    """An address, a body and the catalogue itself give the same document, which its schema allows."""
    body: dict[str, object] = {name: text for name, text in parts.items() if name not in {"group_by", "top"}}
    if "group_by" in parts:
        body["group_by"] = parts["group_by"].split(",")
    if "top" in parts:
        body["top"] = int(parts["top"])
    got = client.get("/api/v1/costs", params=parts)
    assert got.status_code == 200
    assert got.json() == client.post("/api/v1/costs/query", json=body).json()
    assert got.json() == document_of(ask(read_query(parts), generation=generation, warehouse=warehouse)).document
    valid(got.json(), "costs")


def test_an_answer_tells_its_generation_and_age(client: TestClient) -> None:
    """Every answer carries its generation, the age of its data, and how long it may be kept by its reader alone."""
    headers = client.get("/api/v1/costs").headers
    assert headers["X-Bursar-Generation"] == "3"
    assert headers["X-Data-As-Of"] == "2026-07-21T06:00:00Z"
    assert headers["Cache-Control"] == "private, max-age=30"
    assert headers["Vary"] == "Authorization, Cookie, Accept"
    assert headers["ETag"].startswith('W/"g3-')


def test_what_the_reader_has_is_not_asked_again(client: TestClient, warehouse: Any) -> None:  # noqa: ANN401 - the fake that counts
    """A matching ETag is answered 304 before any query, equal questions once per generation."""
    first = client.get("/api/v1/costs", params={"group_by": "team", "filter": "provider='aws'"})
    asked = len(warehouse.asked)
    same = client.get(
        "/api/v1/costs?filter=(Provider%3D'aws')&group_by=Team&metric=effective_cost",
        headers={"If-None-Match": f'"x", {first.headers["ETag"]}'},
    )
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert client.get("/api/v1/costs", params={"group_by": "team", "filter": "provider = 'aws'"}).json() == first.json()
    assert len(warehouse.asked) == asked


def test_an_etag_holds_for_one_question_form_and_generation(client: TestClient) -> None:
    """Another question, another form or another generation has another ETag."""
    addresses = ["/api/v1/costs", "/api/v1/costs?format=csv", "/api/v1/costs?top=1", "/api/v1/costs?generation=2", "/api/v1/charges"]
    tags = {client.get(address).headers["ETag"] for address in addresses}
    assert len(tags) == len(addresses)


def test_csv_has_the_same_rows_order_and_decimals(client: TestClient) -> None:
    """CSV, by parameter or by Accept, says what JSON says."""
    address = "/api/v1/costs?group_by=team,region_id&period=2026-06"
    told = client.get(address).json()["rows"]
    by_accept = client.get(address, headers={"Accept": "text/csv"})
    assert by_accept.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert by_accept.text == client.get(f"{address}&format=csv").text
    rows = list(csv.DictReader(io.StringIO(by_accept.text)))
    assert rows == [{name: "" if cell is None else cell for name, cell in row.items()} for row in told]


def test_an_older_generation_answers_as_it_did(client: TestClient) -> None:
    """Pinned to an older generation the answer is the older one; one that never was is 404."""
    then = client.get("/api/v1/costs", params={"generation": "2"})
    assert (then.json()["generation"], then.json()["period"]) == (2, "2026-06")
    assert client.get("/api/v1/costs", params={"generation": "9"}).status_code == 404


@pytest.mark.parametrize(
    ("address", "status", "code", "pointer", "hint"),
    [
        ("/costs?metrik=x", 422, "question", "metrik", "did you mean 'metric'?"),
        ("/costs?metric=a&metric=b", 422, "question", "metric", ""),
        ("/costs?metric=effectiv_cost", 422, "question", "metric", "did you mean 'effective_cost'?"),
        ("/costs?group_by=temm", 422, "question", "group_by", "did you mean 'team'?"),
        ("/costs?filter=team+%3D", 422, "question", "filter", "text goes between single quotes"),
        ("/costs?filter=effective_cost+%3E+1", 422, "question", "filter", "use having, over the sums"),
        ("/costs?format=xml", 422, "question", "format", "choose json or csv"),
        ("/costs?generation=x", 422, "question", "generation", ""),
        ("/charges?limit=0", 422, "question", "limit", ""),
        ("/charges?cursor=e30", 422, "question", "cursor", "take the address of the next page as it was given"),
        ("/charges?group_by=team", 422, "question", "group_by", ""),
        ("/dimensions/temm/values", 422, "question", "dimension", "did you mean 'team'?"),
    ],
)
def test_a_wrong_request_is_a_problem_that_names_its_part(
    client: TestClient, address: str, status: int, code: str, pointer: str, hint: str
) -> None:
    """A wrong parameter is refused with its name, what is wrong and what was probably meant."""
    response = client.get(f"/api/v1{address}")
    problem = response.json()
    valid(problem, "problem")
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert [(fault["pointer"], fault["hint"]) for fault in problem["errors"]] == [(pointer, hint)]


def test_a_filter_error_names_its_character(client: TestClient) -> None:
    """The place of a filter's error is told in characters."""
    assert client.get("/api/v1/costs", params={"filter": "team = 'a' AND teem = 'b'"}).json()["errors"][0]["column"] == 16


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("{", {"Content-Type": "application/json"}, 400, "malformed"),
        ('{"metrik": "x"}', {"Content-Type": "application/json"}, 422, "question"),
        ('{"top": "many"}', {"Content-Type": "application/json"}, 422, "question"),
        ("x" * 70_000, {"Content-Type": "application/json"}, 413, "too_large"),
    ],
)
def test_a_wrong_body_is_a_problem(client: TestClient, body: str, headers: dict[str, str], status: int, code: str) -> None:
    """A body that is no question is refused as what it is."""
    response = client.post("/api/v1/costs/query", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    valid(response.json(), "problem")


def test_other_addresses_and_verbs_are_problems_too(client: TestClient) -> None:
    """What is not there, and what cannot be done there, is said in the same form."""
    for response, status, code in (
        (client.get("/api/v1/nothing"), 404, "not_found"),
        (client.delete("/api/v1/costs"), 405, "method"),
        (client.get("/api/v1/costs", headers={"Accept": "image/png"}), 406, "not_acceptable"),
    ):
        assert (response.status_code, response.json()["code"]) == (status, code)
        valid(response.json(), "problem")


def test_a_trace_is_kept_and_a_fault_tells_nothing(house: Any, caplog: pytest.LogCaptureFixture) -> None:  # noqa: ANN401 - the fixture's own class
    """A fault of ours is answered with the caller's trace id alone; its cause stands in the log."""
    from dataclasses import replace  # noqa: PLC0415

    from bursar.surfaces.api.app import create_app  # noqa: PLC0415

    class Broken:
        """A warehouse that fails naming a file."""

        def rows(self, *_: object, **__: object) -> object:
            """Fail."""
            raise RuntimeError("/secret/path/part.parquet SELECT")

    trace = "0af7651916cd43dd8448eb211c80319c"
    with TestClient(create_app(replace(house, warehouse=Broken())), raise_server_exceptions=False) as client:
        response = client.get("/api/v1/costs", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert (response.status_code, response.json()["code"], response.json()["trace_id"]) == (500, "internal", trace)
    assert "secret" not in response.text
    assert trace in caplog.text


def test_the_pages_of_charges_are_walked_by_link(client: TestClient) -> None:
    """Following Link meets every line once, on the generation it began with."""
    address = "/api/v1/charges?period=2026-07&limit=90&filter=provider%3D'gcp'"
    told: list[dict[str, Any]] = []
    while address:
        response = client.get(address)
        assert response.headers["X-Bursar-Generation"] == "3"
        told.extend(response.json()["rows"])
        address = response.links.get("next", {}).get("url", "")
    whole = client.get("/api/v1/costs?metric=effective_cost&period=2026-07&filter=provider%3D'gcp'").json()["rows"]
    assert len({json.dumps(line, sort_keys=True) for line in told}) == len(told) == 133
    assert sum(Decimal(line["effective_cost"]) for line in told) == sum(Decimal(row["value"]) for row in whole)
    assert {"source", "x_snapshot_id", "x_source_file", "service_name", "tags"} <= set(told[0])
    assert told[0]["charge_period_start"].endswith("Z")


def test_values_are_offered_with_their_cost(client: TestClient) -> None:
    """Type-ahead answers with values, dearest first."""
    rows = client.get("/api/v1/dimensions/service_name/values", params={"q": "sql"}).json()["rows"]
    assert {row["value"] for row in rows} == {"Cloud SQL"}
    assert client.get("/api/v1/dimensions/tag:team/values?limit=1").json()["rows"][0]["effective_cost"]
