"""What every address asks of its caller: a role, and whether it answers in part (`Scoped`) or of everything (`Whole`).

An endpoint reaches data only through what these give it: a `Desk`, which cuts every answer to the caller's rows, or the house
itself, which nobody with a row scope gets. `declared` refuses an application with an address that asks for neither.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from bursar.surfaces.admission import NEEDED, principal_of
from bursar.surfaces.api.desk import Desk
from bursar.surfaces.api.house import House, house_of
from bursar.surfaces.principal import Principal


class Scoped:
    """A role that gets a desk: every answer is cut to the caller's rows."""

    def __init__(self, role: str) -> None:
        self.role = role

    def __call__(self, request: Request) -> Desk:
        """The desk. Raises 401 or 403."""
        return Desk.of(request, _admitted(request, self.role))


class Whole:
    """A role that gets the house: what cannot be told in part is told to nobody with a row scope."""

    def __init__(self, role: str) -> None:
        self.role = role

    def __call__(self, request: Request) -> House:
        """The house. Raises 401 or 403."""
        if _admitted(request, self.role).scope is not None:
            raise HTTPException(403, "this is about all rows, and this key sees some of them")
        return house_of(request)


Reader = Annotated[Desk, Depends(Scoped("viewer"))]
Analyst = Annotated[Desk, Depends(Scoped("analyst"))]
Approver = Annotated[Desk, Depends(Scoped("approver"))]
Operator = Annotated[Desk, Depends(Scoped("operator"))]
Everything = Annotated[House, Depends(Whole("viewer"))]


def declared(router: APIRouter) -> APIRouter:
    """The router, if each of its addresses says once who may ask and whether it answers in part. Raises TypeError otherwise."""
    for route in router.routes:
        if not isinstance(route, APIRoute) or len(rights_of(route)) != 1:
            raise TypeError(f"{route} does not say, once, who may ask it: take a desk or the house from bursar.surfaces.api.rights")
    return router


def rights_of(route: APIRoute) -> list[Scoped | Whole]:
    """What an address asks of its caller."""
    return [one for one in _calls(route.dependant) if isinstance(one, Scoped | Whole)]


def _calls(dependant: Dependant) -> list[object]:
    return [found for one in dependant.dependencies for found in (one.call, *_calls(one))]


def _admitted(request: Request, role: str) -> Principal:
    principal = principal_of(request)
    if principal is None:
        raise HTTPException(401, NEEDED)
    if not principal.may(role):
        raise HTTPException(403, f"this asks for the role {role}, and this key has the role {principal.role}")
    return principal
