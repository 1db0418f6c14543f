"""Questions about cost over HTTP: `/costs`, the values of a dimension, and the bill's lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from bursar.query.errors import QuestionError
from bursar.query.lines import generation_of
from bursar.query.question import OPTIONS, read_fields, read_query, write_fields
from bursar.surfaces import documents
from bursar.surfaces.api import models
from bursar.surfaces.api.desk import Desk
from bursar.surfaces.api.openapi import ERRORS
from bursar.surfaces.api.parameters import ChargeParameters, CostParameters, CostQuestion, Pinned, ValueParameters
from bursar.surfaces.api.replies import Told, answered, body_of, form_of
from bursar.surfaces.api.rights import Reader

router = APIRouter(tags=["costs"], responses=ERRORS)


@router.get("/costs", operation_id="getCosts", response_model=models.Costs)
def get_costs(request: Request, desk: Reader, given: Annotated[CostParameters, Query()]) -> Response:
    """Costs by any dimension: one row per group, bucket and currency."""
    parts = {name: text for name, text in given.model_dump(exclude_none=True).items() if name in OPTIONS}
    return _costs(request, desk, parts, given=given)


@router.post("/costs/query", operation_id="queryCosts", response_model=models.Costs)
def query_costs(request: Request, desk: Reader, question: CostQuestion, given: Annotated[Pinned, Query()]) -> Response:
    """The same question as a body, for filters too long for an address."""
    told = question.model_dump(exclude_none=True, exclude={"group_by"})
    fields = [field for text in question.group_by for field in read_fields(text)]
    return _costs(request, desk, {**{name: str(part) for name, part in told.items()}, "group_by": write_fields(fields)}, given=given)


def _costs(request: Request, desk: Desk, parts: Mapping[str, str], *, given: Pinned) -> Response:
    query = read_query(parts)
    form = form_of(request, given.format)
    book = desk.book(given.generation)

    def make() -> Told:
        return Told(body=body_of(documents.costs(desk.costs(query, book)), form))

    return answered(request, desk.principal, ("costs", desk.digest(query)), form, generation=book, make=make)


@router.get("/dimensions/{dimension}/values", operation_id="getDimensionValues", response_model=models.DimensionValues)
def get_values(request: Request, desk: Reader, dimension: str, given: Annotated[ValueParameters, Query()]) -> Response:
    """What a dimension can be, dearest first; `q` are letters the value holds."""
    form = form_of(request, given.format)
    book = desk.book(given.generation)
    letters = given.q or ""

    def make() -> Told:
        found = desk.values(dimension, letters, book, limit=given.limit)
        return Told(body=body_of(documents.values(found), form))

    return answered(request, desk.principal, ("values", dimension, letters, str(given.limit)), form, generation=book, make=make)


@router.get("/charges", operation_id="getCharges", response_model=models.Charges)
def get_charges(request: Request, desk: Reader, given: Annotated[ChargeParameters, Query()]) -> Response:
    """Bill lines with their source, snapshot and file, dearest first; the Link header leads to the next page."""
    form = form_of(request, given.format)
    parts = {name: text for name, text in given.model_dump(exclude_none=True).items() if name in {"window", "period", "filter"}}
    query = read_query(parts)
    n = given.generation
    if given.cursor:
        n = generation_of(given.cursor)
        if given.generation not in {None, n}:
            raise QuestionError("this cursor walks through another generation", pointer="cursor")
    book = desk.book(n)

    def make() -> Told:
        page = desk.lines(query, book, limit=given.limit, after=given.cursor)
        more = {**parts, "limit": str(given.limit), **({"format": given.format} if given.format else {}), "cursor": page.next or ""}
        return Told(body=body_of(documents.charges(page), form), next=f"{request.url.path}?{urlencode(more)}" if page.next else None)

    words = ("charges", desk.digest(query), str(given.limit), given.format or "", given.cursor or "")
    return answered(request, desk.principal, words, form, generation=book, make=make)
