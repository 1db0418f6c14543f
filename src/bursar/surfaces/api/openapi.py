"""What the OpenAPI document says beyond the routes: the problem document every operation may answer with."""

from __future__ import annotations

from typing import Any, cast

from fastapi import FastAPI

from bursar.surfaces.api.models import Problem
from bursar.surfaces.api.problems import MEDIA_TYPE

ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for code, text in (
        (400, "The request cannot be read"),
        (404, "No such generation or address"),
        (406, "Neither JSON nor CSV is accepted"),
        (422, "The question cannot be answered as asked; `errors` names the parts"),
        (500, "The cause stands in the log under the trace id"),
        (503, "It cannot be answered now; try again after Retry-After seconds"),
    )
}
"""Problem documents by status, as FastAPI takes them."""


def describe_problems(api: FastAPI) -> None:
    """Put the problem document among the schemas the operations refer to, and drop the framework's own error shapes."""
    plain = api.openapi
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = cast("dict[str, object]", problem.pop("$defs"))

    def openapi() -> dict[str, Any]:
        document = plain()
        schemas = document["components"]["schemas"]
        schemas.update({**definitions, "Problem": problem})
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        return document

    api.openapi = openapi
