"""The API application over a wired house. Synchronous endpoints in the server's thread pool; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import RequestResponseEndpoint

from bursar import __version__
from bursar.acting import Acting
from bursar.bootstrap import act
from bursar.loop import Bursar
from bursar.surfaces.admission import API, CURE, NEEDED, Admission, is_foreign, is_open, path_of
from bursar.surfaces.api import costs, decisions, health, ledgers, problems
from bursar.surfaces.api.house import House
from bursar.surfaces.api.openapi import describe
from bursar.surfaces.api.replies import Answers, once_each
from bursar.surfaces.api.rights import declared

PREFIX = "/api/v1"
MAX_BODY = 64 * 1024
ROUTERS = (costs.router, decisions.router, ledgers.router, health.router)


def create_app(house: House, *, acting: Callable[[], Acting] | None = None, is_local: bool = True) -> FastAPI:
    """The API of a house: `/api/v1` and the probes at the root. Web pages may be included beside it, behind the same door.

    `is_local` is whether it is bound to loopback only: then, while there are no keys, the caller is the user of this machine.
    """
    api = FastAPI(
        title="bursar",
        version=__version__,
        summary="Every cloud bill becomes FOCUS, equals its invoice and belongs to somebody.",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
    )
    api.state.house = house
    api.state.answers = Answers()
    api.state.acting = acting or cache(lambda: act(cast("Bursar", house)))
    api.state.admission = Admission(house.store, house.clock, is_local=is_local)
    problems.install(api)
    for router in ROUTERS:
        api.include_router(declared(router), prefix=PREFIX, dependencies=[Depends(once_each)])
    api.include_router(health.probes)
    api.middleware("http")(_admitted)
    api.middleware("http")(_bounded)
    describe(api)
    return api


async def _admitted(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Let in whom the door knows, to all but the few open addresses. Whoever has a row scope sees no page: pages show everything."""
    path = path_of(request)
    if is_open(path):
        return await call_next(request)
    admission = cast("Admission", request.app.state.admission)
    known = await run_in_threadpool(admission.who, request)
    is_page = not path.startswith(API)
    if known is None:
        return _sent_away(request, is_page=is_page)
    principal, key = known
    if is_page and principal.scope is not None:
        return PlainTextResponse("Pages show everything, and this key sees some rows: use the API.\n", status_code=403)
    if key is None and not is_page and is_foreign(request):
        return problems.problem("forbidden", "another site may not change anything here", request=request)
    request.state.principal = principal
    response = await call_next(request)
    if key is not None:
        response.background = BackgroundTask(admission.note, key)
    return response


def _sent_away(request: Request, *, is_page: bool) -> Response:
    """One text, whatever is wrong with the key; a browser is shown where to sign in."""
    if not is_page:
        return problems.problem(
            "unauthorised", NEEDED, faults=(problems.Fault(pointer="Authorization", message=NEEDED, hint=CURE),), request=request
        )
    if request.method == "GET" and "authorization" not in request.headers:
        here = path_of(request) + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(here, safe='')}", status_code=303, headers={"Cache-Control": "no-store"})
    return PlainTextResponse(f"{NEEDED}\n", status_code=401, headers={"WWW-Authenticate": "Bearer"})


async def _bounded(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse bodies nobody needs before they are read; browsers must not guess what a reply is."""
    length = request.headers.get("content-length", "0")
    unmeasured = "transfer-encoding" in request.headers or not length.isdecimal()
    if request.method not in {"GET", "HEAD"} and (unmeasured or int(length) > MAX_BODY):
        return problems.problem("too_large", f"a body may have {MAX_BODY} bytes, told by Content-Length", request=request)
    response = await call_next(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
