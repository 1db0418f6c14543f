"""The routes: parse an address, open the books, draw a page. `mount` puts them on the API's application, so one process serves both."""

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from bursar.domain.errors import BillError, BursarError, ConfigError, Refused, Unavailable
from bursar.query.errors import QuestionError
from bursar.surfaces import documents
from bursar.surfaces.documents import Listing
from bursar.surfaces.web import assets, exploring, health, pages
from bursar.surfaces.web.asked import joined, terms_of_lines
from bursar.surfaces.web.books import Books, House, question
from bursar.surfaces.web.display import sentence
from bursar.surfaces.web.frame import THEMES
from bursar.surfaces.web.headers import FOREVER, PAGE
from bursar.surfaces.web.rendering import render

log = logging.getLogger(__name__)

TITLES = {
    "overview": "Overview",
    "explore": "Explore",
    "lines": "Charge lines",
    "health": "Data health",
    "empty": "Nothing published yet",
    "error": "Error",
}
COOKIE = "bursar_theme"
YEAR = 365 * 24 * 3600
_STATUS: tuple[tuple[type[BursarError], int], ...] = (
    (QuestionError, 422),
    (BillError, 422),
    (Refused, 409),
    (Unavailable, 503),
    (BursarError, 500),
)
_HEADLINES = {
    404: "There is no such page",
    409: "That was refused",
    422: "This cannot be answered as asked",
    500: "The installation is not set up for this",
    503: "The data cannot be read just now",
}


def mount(application: FastAPI, house: House) -> None:
    """Add the pages and their static files. They come after the API's routes and never shadow `/api`."""
    application.include_router(routes(house))


def routes(house: House) -> APIRouter:
    """Every address of the pages."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def overview(request: Request) -> Response:
        return _shown(request, house, here="overview", draw=lambda books: _overview(request, books))

    @router.get("/explore")
    def explore(request: Request) -> Response:
        return _shown(request, house, here="explore", draw=lambda books: _explore(request, books))

    @router.get("/explore/lines")
    def lines(request: Request) -> Response:
        return _shown(request, house, here="explore", draw=lambda books: _lines(request, books))

    @router.get("/explore/values")
    def values(request: Request) -> Response:
        return _shown(request, house, here="explore", draw=lambda books: _values(request, books))

    @router.get("/health")
    def data_health(request: Request) -> Response:
        return _shown(request, house, here="health", draw=lambda books: _health(request, books))

    router.add_api_route("/theme/{mode}", _theme)
    router.add_api_route("/static/{digest}/{name}", _static)

    @router.get("/{rest:path}")
    def nothing(request: Request, rest: str) -> Response:
        if rest.startswith("api/"):
            raise HTTPException(404)
        error = ConfigError("there is nothing at this address", cure="Every page is reached from Overview.")
        return _wrong(request, Books.open(house), error, status=404)

    return router


Draw = Callable[[Books], Response]


def _shown(request: Request, house: House, *, here: str, draw: Draw) -> Response:
    """A page, or the page that says what is wrong with cause and cure. Before the first bill, every page is the one that helps."""
    books = Books.open(house)
    try:
        if books.generation is None or not books.generation.files:
            held = health.held_rows(books.held())
            return _page(request, books, "empty", here=here, values={"held": held})
        return draw(books)
    except BursarError as error:
        return _wrong(request, books, error, here=here)


def _wrong(request: Request, books: Books, error: BursarError, *, here: str = "", status: int = 0) -> Response:
    """The page that says what is wrong. What the operator must mend stands in the log; the caller is sent to `doctor`."""
    status = status or next(code for kind, code in _STATUS if isinstance(error, kind))
    if status >= 500:
        log.error("%s failed", request.url.path, exc_info=error)
    values: pages.Values = {
        "status": status,
        "headline": _HEADLINES[status],
        "cause": sentence(error.message),
        "cure": sentence(error.cure) if error.cure else "",
        "command": "" if status < 500 else "bursar doctor",
    }
    return _page(request, books, "error", here=here, values=values, status=status)


def _overview(request: Request, books: Books) -> Response:
    params = request.query_params
    if params.get("format"):
        period = params.get("period", "")
        parts = {"group_by": params.get("by", "team"), "granularity": "day", "window": period or "month"}
        return _file(documents.costs(books.ask(question(**parts))), params["format"])
    return _page(request, books, "overview", here="overview", values=pages.overview_page(books, params))


def _explore(request: Request, books: Books) -> Response:
    params = request.query_params
    asked = exploring.asked_of(params, params.getlist("by"))
    if params.get("format"):
        return _file(documents.costs(books.ask(replace(asked.query(), top=None))), params["format"])
    if params.get("add") or "by" in params:
        return RedirectResponse(asked.href(), status_code=303, headers=PAGE)
    try:
        return _page(request, books, "explore", here="explore", values=exploring.explore_page(books, asked))
    except QuestionError as error:
        return _page(request, books, "explore", here="explore", values=exploring.wrong_page(books, asked, error), status=422)


def _lines(request: Request, books: Books) -> Response:
    params = request.query_params
    asked = exploring.asked_of(params, [])
    if params.get("format"):
        known, _ = terms_of_lines(asked.filter)
        query = question(window=asked.window or ("" if asked.period else "month"), period=asked.period, filter=joined(known))
        return _file(documents.charges(books.lines(query, after=params.get("after"), limit=exploring.LINES)), params["format"])
    return _page(
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
        return _file(told, params["format"])
    return _page(request, books, "health", here="health", values=pages.health_page(books, params))


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


def _page(request: Request, books: Books, template: str, *, here: str, values: pages.Values, status: int = 200) -> Response:
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    made = pages.frame(books, title=TITLES[template], here=here, path=path, theme=theme_of(request))
    body = render(template, made, values).encode()
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(body, status_code=status, headers=PAGE)
    return HTMLResponse(gzip.compress(body, 5, mtime=0), status_code=status, headers={**PAGE, "Content-Encoding": "gzip"})


def theme_of(request: Request) -> str:
    """The chosen theme; `auto` follows the system."""
    chosen = request.cookies.get(COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def _file(listing: Listing, kind: str) -> Response:
    """The same rows as a file."""
    if kind == "csv":
        return Response(documents.csv_text(listing), media_type="text/csv; charset=utf-8", headers=PAGE)
    if kind == "json":
        return Response(json.dumps(listing.document, ensure_ascii=False), media_type="application/json", headers=PAGE)
    raise QuestionError(f"there is no format '{kind[:20]}' here", cure="choose json or csv", pointer="format")
