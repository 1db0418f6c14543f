"""Signing in on a page: a key becomes a session of this process, told by a cookie that no script reads and no other site sends."""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from bursar.domain.errors import Refused
from bursar.surfaces.admission import SESSION, Admission, cookie_name
from bursar.surfaces.web.forms import Fields, check, fields_of, mark
from bursar.surfaces.web.frame import Frame
from bursar.surfaces.web.headers import PAGE
from bursar.surfaces.web.rendering import render
from bursar.surfaces.web.serving import theme_of

PATH = "/login"
WRONG = "This key does not count: it is wrong, expired or revoked."
CUT = "This key sees some rows only, and pages show everything. Use it with the API."
UNKEPT = {**PAGE, "Cache-Control": "no-store"}

Sent = Annotated[Fields, Depends(fields_of)]


def routes() -> APIRouter:
    """`/login`, where a key is given, and `/logout`."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get(PATH)
    def ask(request: Request) -> Response:
        return _draw(request)

    @router.post(PATH)
    def sign_in(request: Request, fields: Sent) -> Response:
        return _sign_in(request, fields)

    @router.post("/logout")
    def sign_out(request: Request, fields: Sent) -> Response:
        return _sign_out(request, fields)

    return router


def _sign_in(request: Request, fields: Fields) -> Response:
    try:
        check(request, fields)
    except Refused as error:
        return _draw(request, wrong=error.message, status=409)
    admission = _admission(request)
    key = admission.key_of(fields.get("key", "").strip())
    if key is None:
        return _draw(request, wrong=WRONG, status=401)
    if key.scope is not None:
        return _draw(request, wrong=CUT, status=403)
    admission.note(key)
    answer = RedirectResponse(_back(fields.get("next", "")), status_code=303, headers=UNKEPT)
    answer.set_cookie(
        cookie_name(request), admission.sessions.open(key, now=admission.clock()), max_age=int(SESSION.total_seconds()), path="/",
        secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    return answer


def _sign_out(request: Request, fields: Fields) -> Response:
    try:
        check(request, fields)
    except Refused as error:
        return _draw(request, wrong=error.message, status=409)
    name = cookie_name(request)
    _admission(request).sessions.close(request.cookies.get(name, ""))
    answer = RedirectResponse(PATH, status_code=303, headers=UNKEPT)
    answer.delete_cookie(name, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return answer


def _draw(request: Request, *, wrong: str = "", status: int = 200) -> Response:
    """The page: nothing of the books is on it, as anybody may see it."""
    admission = _admission(request)
    known = admission.who(request)
    values = {
        "you": known[0].name if known else "",
        "role": known[0].role if known else "",
        "by_key": known is not None and known[1] is not None,
        "wrong": wrong,
        "next": _back(request.query_params.get("next", "")),
        "mark": mark(PATH),
        "out": mark("/logout"),
        "closed": admission.needs_key(request),
    }
    frame = Frame(title="Sign in", here="", path=PATH, theme=theme_of(request))
    return HTMLResponse(render("login", frame, values), status_code=status, headers=UNKEPT)


def _back(text: str) -> str:
    """Where one wanted to go; only to this site."""
    told = urlsplit(text)
    safe = not told.scheme and not told.netloc and told.path.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text
    return f"{told.path}{'?' + told.query if told.query else ''}" if safe and told.path != PATH else "/"


def _admission(request: Request) -> Admission:
    return cast("Admission", request.app.state.admission)
