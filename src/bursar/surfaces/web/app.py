"""The routes: parse an address, open the books, draw a page. `mount` puts them on the API's application, so one process serves both."""

import json
from dataclasses import replace
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from bursar.acting import Acting
from bursar.domain.errors import ConfigError
from bursar.query.errors import QuestionError
from bursar.surfaces import documents
from bursar.surfaces.web import ahead, anomaly_routes, assets, budget_routes, exploring, pages, plan_routes, saving_routes
from bursar.surfaces.web.asked import joined, terms_of_lines
from bursar.surfaces.web.books import Books, House, question
from bursar.surfaces.web.budget_books import BudgetBooks
from bursar.surfaces.web.frame import THEMES
from bursar.surfaces.web.headers import FOREVER, PAGE
from bursar.surfaces.web.serving import COOKIE, as_file, page, shown, wrong

YEAR = 365 * 24 * 3600


def mount(application: FastAPI, house: House, acting: Acting) -> None:
    """Add the pages and their static files. They come after the API's routes and never shadow `/api`."""
    standing = BudgetBooks(acting.config)
    application.include_router(anomaly_routes.routes(house, acting))
    application.include_router(plan_routes.routes(house, acting))
    application.include_router(budget_routes.routes(house, standing))
    application.include_router(saving_routes.routes(house, acting))
    application.include_router(routes(house, standing))


def routes(house: House, standing: BudgetBooks) -> APIRouter:
    """The addresses that read the bills, static files, and the page of all others."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def overview(request: Request) -> Response:
        return shown(request, house, here="overview", draw=lambda books: _overview(request, books, standing))

    @router.get("/explore")
    def explore(request: Request) -> Response:
        return shown(request, house, here="explore", draw=lambda books: _explore(request, books))

    @router.get("/explore/lines")
    def lines(request: Request) -> Response:
        return shown(request, house, here="explore", draw=lambda books: _lines(request, books))

    @router.get("/explore/values")
    def values(request: Request) -> Response:
        return shown(request, house, here="explore", draw=lambda books: _values(request, books))

    @router.get("/health")
    def data_health(request: Request) -> Response:
        return shown(request, house, here="health", draw=lambda books: _health(request, books))

    router.add_api_route("/theme/{mode}", _theme)
    router.add_api_route("/static/{digest}/{name}", _static)

    @router.get("/{rest:path}")
    def nothing(request: Request, rest: str) -> Response:
        if rest.startswith("api/"):
            raise HTTPException(404)
        error = ConfigError("there is nothing at this address", cure="Every page is reached from Overview.")
        return wrong(request, Books.open(house), error, status=404)

    return router


def _overview(request: Request, books: Books, standing: BudgetBooks) -> Response:
    params = request.query_params
    if params.get("format"):
        period = params.get("period", "")
        parts = {"group_by": params.get("by", "team"), "granularity": "day", "window": period or "month"}
        return as_file(documents.costs(books.ask(question(**parts))), params["format"])
    values = pages.overview_page(books, params)
    beyond = ahead.build(ahead.read(books, standing), currency=str(values["currency"]))
    return page(request, books, "overview", here="overview", values={**values, "ahead": beyond})


def _explore(request: Request, books: Books) -> Response:
    params = request.query_params
    asked = exploring.asked_of(params, params.getlist("by"))
    if params.get("format"):
        return as_file(documents.costs(books.ask(replace(asked.query(), top=None))), params["format"])
    if params.get("add") or "by" in params:
        return RedirectResponse(asked.href(), status_code=303, headers=PAGE)
    try:
        return page(request, books, "explore", here="explore", values=exploring.explore_page(books, asked))
    except QuestionError as error:
        return page(request, books, "explore", here="explore", values=exploring.wrong_page(books, asked, error), status=422)


def _lines(request: Request, books: Books) -> Response:
    params = request.query_params
    asked = exploring.asked_of(params, [])
    if params.get("format"):
        known, _ = terms_of_lines(asked.filter)
        query = question(window=asked.window or ("" if asked.period else "month"), period=asked.period, filter=joined(known))
        return as_file(documents.charges(books.lines(query, after=params.get("after"), limit=exploring.LINES)), params["format"])
    return page(
        request,
        books,
        "lines",
        here="explore",
        values=exploring.lines_page(books, asked, after=params.get("after", "")),
    )


def _values(request: Request, books: Books) -> Response:
    """A dimension's values for the filter's list; JSON, as a script reads it."""
    params = request.query_params
    currency = params.get("currency", "")
    found = books.values(params.get("dimension", ""), limit=50)
    shown = dict.fromkeys(value for value, code in found if not currency or code == currency)
    return Response(json.dumps({"values": list(shown)}), media_type="application/json", headers=PAGE)


def _health(request: Request, books: Books) -> Response:
    params = request.query_params
    if params.get("format"):
        told = (
            documents.deliveries(books.deliveries())
            if params.get("show") == "deliveries"
            else documents.reconciliation(books.reconciliation(params.get("period")))
        )
        return as_file(told, params["format"])
    return page(request, books, "health", here="health", values=pages.health_page(books, params))


def _theme(request: Request, mode: str) -> Response:
    """Keep the choice in a cookie and go back where one was; only to this site."""
    back = urlsplit(request.query_params.get("back", "/"))
    safe = not back.scheme and not back.netloc and back.path.startswith("/") and not back.path.startswith(("//", "/\\"))
    target = f"{back.path}{'?' + back.query if back.query else ''}" if safe else "/"
    answer = RedirectResponse(target, status_code=303, headers=PAGE)
    if mode in THEMES:
        answer.set_cookie(COOKIE, mode, max_age=YEAR, path="/", samesite="lax")
    return answer


def _static(request: Request, digest: str, name: str) -> Response:
    """An asset of this very build, kept for ever; any other address is not known."""
    asset = assets.load(name) if digest == assets.bundle_digest() else None
    if asset is None:
        return PlainTextResponse("not found", status_code=404, headers=PAGE)
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers={**FOREVER, "Content-Encoding": "gzip"})
    return Response(asset.body, media_type=asset.media_type, headers=FOREVER)
