"""One ASGI application: the API, and the web page mounted beside it, behind one door."""

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

from bursar.bootstrap import act
from bursar.loop import Bursar
from bursar.surfaces.api.app import create_app
from bursar.surfaces.web import login
from bursar.surfaces.web.app import mount

LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names a server on loopback answers to: without keys, a rebound DNS name must not read what loopback may."""


def application(app: Bursar, *, is_local: bool = True) -> FastAPI:
    """The API and the pages over one wired house. Bound elsewhere it answers to any name, and to nobody without a key."""
    acting = act(app)
    served = create_app(app, acting=lambda: acting, is_local=is_local)
    served.include_router(login.routes())
    mount(served, app, acting)
    served.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_HOSTS if is_local else ["*"])
    return served
