"""The addresses of plans: the list, one of them, and the word of whoever signs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bursar.acting import Acting
from bursar.actions.book import Entry
from bursar.actions.guards import RULES, opened, usable
from bursar.domain.errors import BursarError, ConfigError, NotApproved, Refused
from bursar.domain.periods import stamp
from bursar.savings.ledger import rfc
from bursar.surfaces.plans import plans as plans_listing
from bursar.surfaces.web import planned, planning, saving_routes
from bursar.surfaces.web.books import Books, House
from bursar.surfaces.web.display import sentence
from bursar.surfaces.web.forms import Fields, check, fields_of, mark
from bursar.surfaces.web.headers import PAGE
from bursar.surfaces.web.planned import SIX, Sent, Signing
from bursar.surfaces.web.savings import SavingRow, row_of
from bursar.surfaces.web.serving import as_file, page, shown, wrong
from bursar.surfaces.web.signing import known, signed_in, subject, who
from bursar.surfaces.web.standing import standing

HERE = "plans"
SHORTEST_REASON, LONGEST_REASON = 8, 1000

Given = Annotated[Fields, Depends(fields_of)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One request about plans: who asks, over which books and rooms."""

    request: Request
    books: Books
    acting: Acting


def routes(house: House, acting: Acting) -> APIRouter:
    """`/plans`, `/plans/{digest}`, and the word on it."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def at(request: Request, draw: Callable[[Desk], Response]) -> Response:
        return shown(
            request, house, here=HERE, draw=lambda books: draw(Desk(request=request, books=books, acting=acting)), needs_bills=False
        )  # fmt: skip

    @router.get("/plans")
    def all_of_them(request: Request) -> Response:
        return at(request, _list)

    @router.get("/plans/{digest}")
    def one_of_them(request: Request, digest: str) -> Response:
        return at(request, lambda desk: _one(desk, digest))

    @router.post("/plans/{digest}")
    def signed(request: Request, digest: str, fields: Given) -> Response:
        return at(request, lambda desk: _sign(desk, digest, fields))

    return router


def _list(desk: Desk) -> Response:
    params, entries = desk.request.query_params, desk.acting.plans()
    status = params.get("status", "") if params.get("status", "") in planning.STATUS else ""
    if params.get("format"):
        now, wanted = stamp(desk.acting.clock()), planning.STATUS[status][1] if status else ()
        kept = [one for one in entries if not wanted or standing(one, entries, now=now).key in wanted]
        return as_file(plans_listing(kept), params["format"])
    built = planning.build(entries, now=desk.acting.clock(), status=status, stopped=desk.acting.stopped())
    return page(desk.request, desk.books, "plans", here=HERE, values={"p": built})


def _one(desk: Desk, digest: str) -> Response:
    entry = _found(desk, digest)
    if isinstance(entry, Response):
        return entry
    if desk.request.query_params.get("format"):
        return as_file(plans_listing([entry]), desk.request.query_params["format"])
    return _draw(desk, entry)


def _sign(desk: Desk, digest: str, fields: Fields) -> Response:
    """Take a word down: the six characters say that this very plan was read, the reason why. What is refused is shown on the plan."""
    check(desk.request, fields)
    entry = _found(desk, digest)
    if isinstance(entry, Response):
        return entry
    if fields.get("verdict") in {"apply", "undo"}:
        return _act(desk, entry, is_undo=fields["verdict"] == "undo")
    is_no = fields.get("verdict") == "reject"
    sent = _checked(entry, fields, is_no=is_no)
    if sent.wrong_six or sent.wrong_reason:
        return _draw(desk, entry, sent=sent, status=422)
    try:
        by = subject(desk.request, desk.acting, fields)
        if is_no:
            desk.acting.reject(entry.digest, by, reason=sent.reason)
        else:
            desk.acting.approve(entry.digest, by, reason=sent.reason)
    except Refused as error:
        told = Sent(
            six=sent.six,
            reason=sent.reason,
            named=sent.named,
            refused=sentence(error.message),
            cure=sentence(error.cure) if error.cure else "",
        )
        return _draw(desk, desk.acting.show(entry.digest), sent=told, status=409)
    return RedirectResponse(f"/plans/{entry.digest[:12]}#signatures", status_code=303, headers=PAGE)


def _act(desk: Desk, entry: Entry, *, is_undo: bool) -> Response:
    """Ask the worker to apply what is approved, or propose what takes it back: neither changes anything by itself."""
    try:
        by = known(desk.request, "operator")
        done = desk.acting.undo(entry.digest, maker=by.name) if is_undo else desk.acting.request(entry.digest, by=by.name)
    except Refused as error:
        told = Sent(refused=sentence(error.message), cure=sentence(error.cure) if error.cure else "")
        return _draw(desk, desk.acting.show(entry.digest), sent=told, status=409)
    return RedirectResponse(f"/plans/{done.digest[:12]}#signatures", status_code=303, headers=PAGE)


def _checked(entry: Entry, fields: Fields, *, is_no: bool) -> Sent:
    six, reason = fields.get("six", "").strip().lower(), fields.get("reason", "").strip()
    wrong_six = wrong_reason = ""
    if not is_no and six != entry.digest[:SIX]:
        wrong_six = (
            "These are not the first six characters of this plan’s digest. Nothing was signed."
            if six
            else "The six characters are missing. Nothing was signed."
        )
    if len(reason) < SHORTEST_REASON:
        wrong_reason = f"A reason of at least {SHORTEST_REASON} characters is kept with the signature."
    if len(reason) > LONGEST_REASON:
        wrong_reason = f"The reason has {len(reason)} characters; it may have {LONGEST_REASON}."
    return Sent(six=six[:SIX], reason=reason, named=fields.get("as", "").strip()[:80], wrong_six=wrong_six, wrong_reason=wrong_reason)


def _found(desk: Desk, digest: str) -> Entry | Response:
    try:
        return desk.acting.show(digest)
    except ConfigError as error:
        return wrong(desk.request, desk.books, ConfigError(error.message, cure="The list shows every one: Plans."), here=HERE, status=404)


def _draw(desk: Desk, entry: Entry, *, sent: Sent | None = None, status: int = 200) -> Response:
    built = planned.build(entry, desk.acting.plans(), now=desk.acting.clock(), signing=_signing(desk, entry), sent=sent)
    path = f"/plans/{entry.digest[:12]}"
    return page(
        desk.request,
        desk.books,
        "plan",
        here=HERE,
        values={"p": built, "saved": _saved(desk, entry), "form": {"path": path, "mark": mark(path)}},
        status=status,
    )


def _saved(desk: Desk, entry: Entry) -> SavingRow | None:
    """Its line of the savings ledger; of a plan that takes another back, the other's."""
    name = rfc(entry.plan.undoes or entry.digest)
    line = next((one for one in saving_routes.kept(desk.books) if one.rfc == name), None)
    return row_of(line) if line else None


def _signing(desk: Desk, entry: Entry) -> Signing:
    """Where signing stands, by the very rules that apply will ask again."""
    acting, you = desk.acting, who(desk.request).name
    try:
        case = opened(acting.door(), entry)
        good, doubts = usable(case, RULES)
        needed = case.card.needed(entry.plan)
    except BursarError as error:
        return Signing(you=you, given=0, needed=0, refusal=sentence(error.message), is_open=False)
    open_ = standing(entry, acting.plans(), now=stamp(acting.clock())).waits
    return Signing(
        you=you, given=len({one.approver for one in good}), needed=needed, counting=frozenset(one.approver for one in good), doubts=doubts,
        refusal=_refusal(desk, entry, you), is_open=open_, is_simulated=acting.estate.is_simulated and signed_in(desk.request) is None,
    )  # fmt: skip


def _refusal(desk: Desk, entry: Entry, you: str) -> str:
    """Why whoever looks may not approve; empty where they may."""
    try:
        known(desk.request, "approver")
    except NotApproved as error:
        return sentence(f"{error.message}.")
    if entry.plan.maker == you:
        return "You made this plan. Whoever makes a plan cannot approve it: two people look at every change. You may still refuse it."
    return ""
