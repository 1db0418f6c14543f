"""The reply to what the journal decides, in the form asked for."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request, Response

from bursar.surfaces.api.desk import Desk
from bursar.surfaces.api.parameters import Parameters
from bursar.surfaces.api.replies import Told, answered, body_of, form_of
from bursar.surfaces.documents import Listing


def decided(request: Request, desk: Desk, given: Parameters, words: tuple[str, ...], make: Callable[[], Listing]) -> Response:
    """The listing of these words as the journal stands: 304, kept, or made now."""
    form, stand = form_of(request, given.format), desk.stand()
    return answered(
        request, desk.principal, words, form, generation=desk.book(), stand=stand, make=lambda: Told(body=body_of(make(), form))
    )  # fmt: skip
