"""How the data stands: invoices, ages, deliveries, what is held back, generations; and the probes of the process itself."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from bursar.domain.errors import Unavailable
from bursar.lake import reports
from bursar.query.ask import NOTHING_PUBLISHED
from bursar.query.windows import period_of
from bursar.store import schema
from bursar.surfaces import documents
from bursar.surfaces.api import models
from bursar.surfaces.api.house import House, house_of, pinned
from bursar.surfaces.api.openapi import ERRORS
from bursar.surfaces.api.parameters import ListParameters, Parameters, ReconciliationParameters
from bursar.surfaces.api.replies import form_of, told_now
from bursar.surfaces.api.rights import Everything

router = APIRouter(tags=["health"], responses=ERRORS)
probes = APIRouter(tags=["probes"])

_GENERATION = ("n", "at", "cause", "data_as_of")


@router.get("/reconciliation", operation_id="getReconciliation", response_model=models.Reconciliation)
def get_reconciliation(request: Request, house: Everything, given: Annotated[ReconciliationParameters, Query()]) -> Response:
    """How every invoice stands to the lines that meet it."""
    book = pinned(house, given.generation) or NOTHING_PUBLISHED
    found = reports.reconciliation(house.store, n=book.n, period=str(period_of(given.period)) if given.period else None)
    return told_now(request, documents.reconciliation(found), form_of(request, given.format), generation=book)


@router.get("/freshness", operation_id="getFreshness", response_model=models.Freshness)
def get_freshness(request: Request, house: Everything, given: Annotated[Parameters, Query()]) -> Response:
    """How old each source's live data is."""
    return _told(request, house, documents.freshness(reports.freshness(house.store)), given)


@router.get("/deliveries", operation_id="getDeliveries", response_model=models.Deliveries)
def get_deliveries(request: Request, house: Everything, given: Annotated[ListParameters, Query()]) -> Response:
    """What arrived and what became of it, newest first."""
    return _told(request, house, documents.deliveries(reports.deliveries(house.store, limit=given.limit)), given)


@router.get("/quarantine", operation_id="getQuarantine", response_model=models.Deliveries)
def get_quarantine(request: Request, house: Everything, given: Annotated[Parameters, Query()]) -> Response:
    """What is held back, with its cause and cure."""
    return _told(request, house, documents.deliveries(reports.quarantine(house.store)), given)


@router.get("/generations", operation_id="getGenerations", response_model=models.Generations)
def get_generations(request: Request, house: Everything, given: Annotated[ListParameters, Query()]) -> Response:
    """Every published state, newest first; an answer can be pinned to any of them."""
    table = schema.generation
    query = sa.select(*(table.c[name] for name in _GENERATION)).order_by(table.c.n.desc()).limit(given.limit)
    with house.store.connect().execution_options(read_only=True) as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    listing = documents.Listing(document={"rows": documents.objects(_GENERATION, rows)}, columns=_GENERATION, rows=rows)
    return _told(request, house, listing, given)


@probes.get("/livez", operation_id="getLiveness", response_model=models.State, response_model_exclude_none=True)
def livez() -> models.State:
    """The process answers."""
    return models.State(status="ok")


@probes.get("/startupz", operation_id="getStartup", response_model=models.State, responses={503: ERRORS[503]})
@probes.get("/readyz", operation_id="getReadiness", response_model=models.State, responses={503: ERRORS[503]})
def readyz(house: Annotated[House, Depends(house_of)]) -> models.State:
    """The store answers; the generation it serves, null while nothing is published."""
    try:
        book = house.lake.head()
    except SQLAlchemyError as error:
        raise Unavailable("the operational database does not answer") from error
    return models.State(status="ok", generation=book.n if book else None)


def _told(request: Request, house: House, listing: documents.Listing, given: Parameters) -> Response:
    return told_now(request, listing, form_of(request, given.format), generation=pinned(house, None) or NOTHING_PUBLISHED)
