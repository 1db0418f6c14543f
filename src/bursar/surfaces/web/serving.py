"""How a page is served: open the books once, draw, and where that fails say cause and cure on a page of its own."""

import gzip
import json
import logging
from collections.abc import Callable
from dataclasses import replace

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from bursar.domain.errors import BillError, BursarError, Refused, Unavailable
from bursar.query.errors import QuestionError
from bursar.surfaces import documents
from bursar.surfaces.documents import Listing
from bursar.surfaces.web import health, pages
from bursar.surfaces.web.books import Books, House
from bursar.surfaces.web.display import sentence
from bursar.surfaces.web.frame import THEMES
from bursar.surfaces.web.headers import PAGE
from bursar.surfaces.web.rendering import render
from bursar.surfaces.web.signing import signed_in

log = logging.getLogger(__name__)

TITLES = {
    "overview": "Overview",
    "explore": "Explore",
    "lines": "Charge lines",
    "anomalies": "Anomalies",
    "anomaly": "Anomaly",
    "budgets": "Budgets",
    "budget": "Budget",
    "plans": "Plans",
    "plan": "Plan",
    "savings": "Savings",
    "health": "Data health",
    "empty": "Nothing published yet",
    "error": "Error",
}
COOKIE = "bursar_theme"
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

Draw = Callable[[Books], Response]


def shown(request: Request, house: House, *, here: str, draw: Draw, needs_bills: bool = True) -> Response:
    """A page, or the page that says what is wrong with cause and cure. Before the first bill, pages about bills are the one that helps."""
    books = Books.open(house)
    try:
        if needs_bills and (books.generation is None or not books.generation.files):
            held = health.held_rows(books.held())
            return page(request, books, "empty", here=here, values={"held": held})
        return draw(books)
    except BursarError as error:
        return wrong(request, books, error, here=here)


def wrong(request: Request, books: Books, error: BursarError, *, here: str = "", status: int = 0) -> Response:
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
    return page(request, books, "error", here=here, values=values, status=status)


def page(request: Request, books: Books, template: str, *, here: str, values: pages.Values, status: int = 200) -> Response:
    """A page of these values."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    made = pages.frame(books, title=TITLES[template], here=here, path=path, theme=theme_of(request))
    known = signed_in(request)
    body = render(template, replace(made, you=known.name) if known else made, values).encode()
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(body, status_code=status, headers=PAGE)
    return HTMLResponse(gzip.compress(body, 5, mtime=0), status_code=status, headers={**PAGE, "Content-Encoding": "gzip"})


def theme_of(request: Request) -> str:
    """The chosen theme; `auto` follows the system."""
    chosen = request.cookies.get(COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def as_file(listing: Listing, kind: str) -> Response:
    """The same rows as a file. Raises QuestionError for a format there is not."""
    if kind == "csv":
        return Response(documents.csv_text(listing), media_type="text/csv; charset=utf-8", headers=PAGE)
    if kind == "json":
        text = json.dumps(listing.document, ensure_ascii=False, default=documents.value)
        return Response(text, media_type="application/json", headers=PAGE)
    raise QuestionError(f"there is no format '{kind[:20]}' here", cure="choose json or csv", pointer="format")
