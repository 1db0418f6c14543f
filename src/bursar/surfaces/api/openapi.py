"""What the OpenAPI document says beyond the routes: keys, problem documents, and the committed schemas of the documents it shares."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, cast

from fastapi import FastAPI

from bursar.surfaces.api.models import Problem
from bursar.surfaces.api.problems import MEDIA_TYPE

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, text in (
        (400, "The request cannot be read"),
        (401, "A key is needed: none came, or it is wrong, expired or revoked"),
        (403, "The key's role may not, or this is about all rows and the key sees some"),
        (404, "There is no such thing, or not within the key's rows"),
        (406, "Neither JSON nor CSV is accepted"),
        (409, "A guard said no"),
        (422, "The question cannot be answered as asked; `errors` names the parts"),
        (500, "The cause stands in the log under the trace id"),
        (503, "It cannot be answered now; try again after Retry-After seconds"),
    )
}
"""Problem documents by status, as FastAPI takes them."""

DOCUMENTS = ("Anomalies", "Anomaly", "Budgets", "Exceptions", "Forecast", "Plans", "Requests", "Savings")
"""The documents of the command line that the API answers with; each is `surfaces/schemas/<name in small letters>.json`."""
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "bur_<env>_<id>_<secret>",
    "description": "Made by `bursar keys create`. While there are no keys, a server bound to loopback takes its caller for the local user.",
}


def told(name: str, *, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The response that is a document of the command line."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {status: {"description": name, "content": {"application/json": {"schema": schema}}}}


def describe(api: FastAPI) -> None:
    """Put problems, shared documents and keys into the OpenAPI document, and drop the framework's own error shapes."""
    plain = api.openapi
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = cast("dict[str, object]", problem.pop("$defs"))

    def openapi() -> dict[str, Any]:
        document = plain()
        schemas = document["components"]["schemas"]
        schemas.update({**definitions, "Problem": problem, **{name: _schema(name) for name in DOCUMENTS}})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        document["components"]["securitySchemes"] = {"key": _KEY}
        document["security"] = [{"key": []}]
        for path, operations in document["paths"].items():
            if not path.startswith("/api/"):
                operations["get"]["security"] = []
        return document

    api.openapi = openapi


def _schema(name: str) -> dict[str, Any]:
    """A committed schema at its place in the document; its own references lead within it."""
    text = files("bursar").joinpath(f"surfaces/schemas/{name.lower()}.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text.replace('"#/$defs/', f'"#/components/schemas/{name}/$defs/'))
    return {key: value for key, value in found.items() if key not in {"$schema", "$id"}}
