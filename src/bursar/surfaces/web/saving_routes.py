"""The address of the savings ledger."""

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from bursar.acting import Acting
from bursar.actions.book import OPEN
from bursar.domain.errors import Refused
from bursar.domain.periods import stamp
from bursar.domain.savings import Saving
from bursar.savings import ledger
from bursar.surfaces.plans import savings as savings_listing
from bursar.surfaces.web import savings
from bursar.surfaces.web.books import Books, House
from bursar.surfaces.web.serving import as_file, page, shown

HERE = "savings"


def routes(house: House, acting: Acting) -> APIRouter:
    """`/savings`."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/savings")
    def all_of_them(request: Request) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _list(request, books, acting), needs_bills=False)

    return router


def kept(books: Books) -> Sequence[Saving]:
    """The ledger as it was last written."""
    with books.house.store.connect().execution_options(read_only=True) as connection:
        return ledger.lines(connection)


def _list(request: Request, books: Books, acting: Acting) -> Response:
    lines = kept(books)
    if _is_behind(lines, books):
        lines = acting.measure()
    if request.query_params.get("format"):
        return as_file(savings_listing(lines), request.query_params["format"])
    return page(request, books, "savings", here=HERE, values={"p": savings.build(lines, expired=expired(acting))})


def expired(acting: Acting) -> frozenset[str]:
    """Plans nobody agreed to in time, by digest; of unreadable ones their own page tells."""
    now = stamp(acting.clock())
    try:
        return frozenset(one.digest for one in acting.plans() if one.status in OPEN and one.plan.expires_at <= now)
    except Refused:
        return frozenset()


def _is_behind(lines: Sequence[Saving], books: Books) -> bool:
    """Whether an applied line was not measured on this generation yet: then it is, as `bursar savings` does."""
    n = books.generation.n if books.generation else 0
    applied = [one for one in lines if one.status in ledger.AFTER_APPLY]
    return bool(n) and any(one.detail.get("generation") != n or one.detail.get("plans") != list(one.plan_digests) for one in applied)
