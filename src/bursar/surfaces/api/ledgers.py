"""Budgets, the month's forecast, savings and exceptions over HTTP: the documents of the command line, cut to the caller's rows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bursar.surfaces.api.decided import decided
from bursar.surfaces.api.openapi import ERRORS, told
from bursar.surfaces.api.parameters import ExceptionGiven, ForecastParameters, Parameters, Word
from bursar.surfaces.api.replies import body_of
from bursar.surfaces.api.rights import Analyst, Approver, Reader
from bursar.surfaces.exceptions import exceptions_listing, requests_listing
from bursar.surfaces.incidents import forecasts
from bursar.surfaces.plans import savings as savings_of

router = APIRouter(tags=["ledgers"], responses=ERRORS)


@router.get("/budgets", operation_id="getBudgets", responses=told("Budgets"))
def get_budgets(request: Request, desk: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """Every budget in its current period: actual, forecast, burn rates, and what is wrong with them together."""
    return decided(request, desk, given, ("budgets", *desk.beside("budgets.yaml")), lambda: desk.budgets().listing())


@router.get("/forecast", operation_id="getForecast", responses=told("Forecast"))
def get_forecast(request: Request, desk: Reader, given: Annotated[ForecastParameters, Query()]) -> Response:
    """What the month will come to, with its interval: the estate, its providers, teams and budgets, or any scope."""
    words = ("forecast", given.scope or "", *desk.beside("thresholds.yaml", "fx.csv"))
    return decided(request, desk, given, words, lambda: forecasts(*desk.forecasts(given.scope)))


@router.get("/savings", operation_id="getSavings", responses=told("Savings"))
def get_savings(request: Request, desk: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """The ledger: expected and realised savings a month, by RFC; negative as they are."""
    return decided(request, desk, given, ("savings",), lambda: savings_of(desk.savings()))


@router.get("/exceptions", operation_id="getExceptions", responses=told("Exceptions"))
def get_exceptions(request: Request, desk: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """Every exception, whether it counts, what it has cost, and what is to be said of it."""
    return decided(request, desk, given, ("exceptions", *desk.beside("exceptions.yaml")), lambda: exceptions_listing(*desk.exceptions()))


@router.post("/exceptions", operation_id="grantException", status_code=201, responses=told("Exceptions", status=201))
def grant_exception(desk: Approver, said: ExceptionGiven) -> Response:
    """Grant an exception, as the key's name; not to its own owner, unless it ends within a day. Answers with it, as a list of one."""
    made = desk.grant(said.model_dump(exclude_none=True))
    return Response(body_of(exceptions_listing(made, {}), "json"), media_type="application/json", status_code=201)


@router.get("/exceptions/requests", operation_id="getExceptionRequests", responses=told("Requests"))
def get_requests(request: Request, desk: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """What was asked for and not answered, oldest first."""
    return decided(request, desk, given, ("requests", *desk.beside()), lambda: requests_listing(desk.requests()))


@router.post("/exceptions/requests", operation_id="requestException", status_code=201, responses=told("Requests", status=201))
def request_exception(desk: Analyst, said: ExceptionGiven) -> Response:
    """Ask for an exception, as the key's name. It counts once somebody else grants it. Answers with it, as a list of one."""
    made = desk.ask(said.model_dump(exclude_none=True))
    return Response(body_of(requests_listing([made]), "json"), media_type="application/json", status_code=201)


@router.post("/exceptions/requests/{ident}/grant", operation_id="grantRequest", status_code=201, responses=told("Exceptions", status=201))
def grant_request(desk: Approver, ident: str) -> Response:
    """Grant what somebody else asked for, as the key's name, from now on. Answers with the exception, as a list of one."""
    return Response(body_of(exceptions_listing(desk.allow(ident), {}), "json"), media_type="application/json", status_code=201)


@router.post("/exceptions/requests/{ident}/decline", operation_id="declineRequest", status_code=204)
def decline_request(desk: Approver, ident: str, word: Word) -> Response:
    """Say no, with a reason."""
    desk.decline(ident, word.reason)
    return Response(status_code=204)


@router.post("/exceptions/{ident}/revoke", operation_id="revokeException", status_code=204)
def revoke_exception(desk: Approver, ident: str) -> Response:
    """End an exception of the store now."""
    desk.revoke(ident)
    return Response(status_code=204)
