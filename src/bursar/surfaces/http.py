"""One ASGI application: the API, and the web page mounted beside it."""

from fastapi import FastAPI
from fastapi.middleware.trustedhost import TrustedHostMiddleware

from bursar.bootstrap import act
from bursar.loop import Bursar
from bursar.surfaces.api.app import create_app
from bursar.surfaces.web.app import mount

LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names this server answers to: without keys, a rebound DNS name must not read what loopback may."""


def application(app: Bursar) -> FastAPI:
    """The API and the pages over one wired house."""
    served = create_app(app)
    mount(served, app, act(app))
    served.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_HOSTS)
    return served
