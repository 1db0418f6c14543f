"""The API application over a wired house. Synchronous endpoints in the server's thread pool; nothing is loaded from elsewhere."""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from bursar import __version__
from bursar.surfaces.api import costs, health, problems
from bursar.surfaces.api.house import House
from bursar.surfaces.api.openapi import describe_problems
from bursar.surfaces.api.replies import Answers, once_each

PREFIX = "/api/v1"
MAX_BODY = 64 * 1024


def create_app(house: House) -> FastAPI:
    """The API of a house: `/api/v1` and the probes at the root. Web pages may be included beside it.

    Whoever reaches it may read everything: bind it to loopback, or put keys before it.
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
    problems.install(api)
    for router in (costs.router, health.router):
        api.include_router(router, prefix=PREFIX, dependencies=[Depends(once_each)])
    api.include_router(health.probes)
    api.middleware("http")(_bounded)
    describe_problems(api)
    return api


async def _bounded(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Refuse bodies nobody needs before they are read; browsers must not guess what a reply is."""
    length = request.headers.get("content-length", "0")
    unmeasured = "transfer-encoding" in request.headers or not length.isdecimal()
    if request.method not in {"GET", "HEAD"} and (unmeasured or int(length) > MAX_BODY):
        return problems.problem("too_large", f"a body may have {MAX_BODY} bytes, told by Content-Length", request=request)
    response = await call_next(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response
