"""One ASGI application: the API, and the web page mounted beside it."""

from fastapi import FastAPI

from bursar.loop import Bursar
from bursar.surfaces.api.app import create_app
from bursar.surfaces.web.app import mount


def application(app: Bursar) -> FastAPI:
    """The API and the pages over one wired house."""
    served = create_app(app)
    mount(served, app)
    return served
