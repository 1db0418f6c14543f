"""The addresses of anomalies: the list, one of them, and what people say of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bursar.acting import Acting
from bursar.actions.book import Entry
from bursar.anomaly import feedback
from bursar.anomaly.feedback import VERDICTS, Verdict
from bursar.anomaly.records import Kept
from bursar.domain.errors import ConfigError, Refused
from bursar.domain.periods import stamp
from bursar.query.errors import QuestionError
from bursar.surfaces.incidents import anomalies as listing_of
from bursar.surfaces.web import anomalies, anomaly, findings
from bursar.surfaces.web.books import Books, House
from bursar.surfaces.web.enders import enders
from bursar.surfaces.web.forms import Fields, check, fields_of, mark
from bursar.surfaces.web.headers import PAGE
from bursar.surfaces.web.serving import as_file, page, shown, wrong
from bursar.surfaces.web.signing import known

HERE = "anomalies"
LONGEST_NOTE = 400

Sent = Annotated[Fields, Depends(fields_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An answer as it was typed, and what is wrong with it: shown again until it is right."""

    verdict: str = ""
    first: str = ""
    last: str = ""
    note: str = ""
    wrong: str = ""
    cure: str = ""


def routes(house: House, acting: Acting) -> APIRouter:
    """`/anomalies`, `/anomalies/{id}` and its feedback."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/anomalies")
    def all_of_them(request: Request) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _list(request, books))

    @router.get("/anomalies/{name}")
    def one_of_them(request: Request, name: str) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _one(request, books, acting, name))

    @router.post("/anomalies/{name}/feedback")
    def answered(request: Request, name: str, fields: Sent) -> Response:
        return shown(request, house, here=HERE, draw=lambda books: _answer(request, books, acting, name, fields))

    return router


def _list(request: Request, books: Books) -> Response:
    params = request.query_params
    found, scored = findings.incidents(books.house), findings.scored(books)
    codes = _currencies(found, scored)
    currency = params.get("currency", "") if params.get("currency", "") in codes else codes[0]
    status = params.get("status", "") if params.get("status", "") in anomalies.STATUS else ""
    if params.get("format"):
        if params.get("show") == "days":
            return as_file(anomalies.days_listing(_scored(scored)), params["format"])
        wanted = anomalies.STATUS[status][1] if status else ()
        return as_file(listing_of([one for one in found if not wanted or one.status in wanted]), params["format"])
    facts = anomalies.AnomaliesFacts(
        incidents=found, scored=scored.within(currency) if scored else None, currency=currency, currencies=codes, status=status
    )
    return page(request, books, "anomalies", here=HERE, values={"p": anomalies.build(facts)})


def _currencies(found: Sequence[Kept], scored: findings.Scored | None) -> list[str]:
    """The currencies there are, that of most anomalies first, then that of most teams."""
    known, told = scored.currencies if scored else [], [one.currency for one in found]
    every = [*known, *sorted(set(told) - set(known))] or ["USD"]
    return sorted(every, key=lambda code: -told.count(code))


def _scored(found: findings.Scored | None) -> findings.Scored:
    if found is None:
        raise QuestionError("no day was scored yet", cure="bursar detect")
    return found


def _one(request: Request, books: Books, acting: Acting, name: str) -> Response:
    found = findings.incident(books.house, name)
    if found is None:
        return _unknown(request, books, name)
    if request.query_params.get("format"):
        return as_file(anomaly.listing(found), request.query_params["format"])
    return _draw(request, books, acting, found=found, given=Given())


def _answer(request: Request, books: Books, acting: Acting, name: str, fields: Fields) -> Response:
    check(request, fields)
    by = known(request, "analyst")
    found = findings.incident(books.house, name)
    if found is None:
        return _unknown(request, books, name)
    given = _given(fields)
    if given.wrong:
        return _draw(request, books, acting, found=found, given=given, status=422)
    said = Verdict(
        name=given.verdict, by=by.name, note=given.note or None,
        first=date.fromisoformat(given.first) if given.verdict == "planned" else None,
        last=date.fromisoformat(given.last) if given.verdict == "planned" else None,
    )  # fmt: skip
    feedback.give(books.house.store, found.id, said, now=books.now)
    return RedirectResponse(f"/anomalies/{found.id}#answers", status_code=303, headers=PAGE)


def _given(fields: Fields) -> Given:
    """The answer, checked: a verdict there is, and a range of days where it needs one."""
    verdict, note = fields.get("verdict", ""), fields.get("note", "").strip()
    first, last = fields.get("first", "").strip(), fields.get("last", "").strip()
    wrong, cure = _wrong(verdict, first=first, last=last, note=note)
    return Given(verdict=verdict, first=first, last=last, note=note, wrong=wrong, cure=cure)


def _wrong(verdict: str, *, first: str, last: str, note: str) -> tuple[str, str]:
    if verdict not in VERDICTS:
        return "No answer was chosen.", "Choose one of the four."
    if len(note) > LONGEST_NOTE:
        return f"The note has {len(note)} characters.", f"Say it in {LONGEST_NOTE}."
    if verdict != "planned":
        return "", ""
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return "The planned days are not days.", "Give the first and the last day, as in 2026-11-12."
    return (
        ("", "")
        if days[0] <= days[1]
        else ("The planned range ends before it starts.", "Give the first day first; both days are included.")
    )


def _draw(request: Request, books: Books, acting: Acting, *, found: Kept, given: Given, status: int = 200) -> Response:
    facts = anomaly.AnomalyFacts(
        incident=found,
        said=findings.said_of(books.house, found.id),
        invoices=books.reconciliation(),
        waiting=enders(_plans(acting), found, now=stamp(acting.clock())),
    )
    path = f"/anomalies/{found.id}/feedback"
    values: Mapping[str, object] = {"p": anomaly.build(facts), "given": given, "form": {"path": path, "mark": mark(path)}}
    return page(request, books, "anomaly", here=HERE, values=dict(values), status=status)


def _plans(acting: Acting) -> list[Entry]:
    """The plans there are; an unreadable one is told on its own page, not here."""
    try:
        return acting.plans()
    except Refused:
        return []


def _unknown(request: Request, books: Books, name: str) -> Response:
    error = ConfigError(
        f"there is no anomaly {name[:40]!r}", cure="The list shows every one: Anomalies. A restated bill may have taken it back."
    )
    return wrong(request, books, error, here=HERE, status=404)
