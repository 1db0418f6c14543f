"""Errors as RFC 9457 problem documents: a code for programs, the parts that are wrong, a trace id; never SQL, paths or others' values."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast, get_type_hints
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from bursar.domain.errors import BillError, BursarError, Refused, Unavailable
from bursar.query.errors import QuestionError, nearest

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"

_TITLES = {
    "malformed": (400, "The request cannot be read"),
    "unauthorised": (401, "A key is needed"),
    "forbidden": (403, "This key may not"),
    "not_found": (404, "There is no such thing"),
    "method": (405, "This address does not do that"),
    "not_acceptable": (406, "It cannot be said in that form"),
    "refused": (409, "A guard said no"),
    "gone": (410, "It is not kept any more"),
    "too_large": (413, "The request is too large"),
    "media_type": (415, "The body is of another kind"),
    "question": (422, "The question cannot be answered as asked"),
    "bill": (422, "The bill is wrong"),
    "configuration": (500, "The installation is not configured for this"),
    "internal": (500, "Something broke here"),
    "unavailable": (503, "It cannot be answered now"),
}
"""Every code with its status and title."""

_OF_STATUS = {
    400: "malformed", 401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "method", 406: "not_acceptable", 410: "gone",
    413: "too_large", 415: "media_type",
}  # fmt: skip

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One part of a request that is wrong: where, what, and what to do about it. `column` counts characters from 1."""

    pointer: str
    message: str
    hint: str = ""
    column: int | None = None


def problem(code: str, detail: str, *, faults: tuple[Fault, ...] = (), request: Request | None = None) -> JSONResponse:
    """The problem document of a code, with its status."""
    status, title = _TITLES[code]
    errors = [
        {"pointer": fault.pointer, "message": fault.message, "hint": fault.hint, **({"column": fault.column} if fault.column else {})}
        for fault in faults
    ]
    content = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, "code": code, "errors": errors}
    headers = {"unavailable": {"Retry-After": RETRY_AFTER_SECONDS}, "unauthorised": {"WWW-Authenticate": "Bearer"}}.get(code)
    return JSONResponse({**content, "trace_id": _trace_id(request)}, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def install(api: FastAPI) -> None:
    """Answer every error of this application with a problem document."""
    api.add_exception_handler(BursarError, _on_error)
    api.add_exception_handler(RequestValidationError, _on_invalid)
    api.add_exception_handler(HTTPException, _on_status)
    api.add_exception_handler(Exception, _on_fault)


def _on_error(request: Request, error: Exception) -> JSONResponse:
    """Ours, by who can mend it. What the operator must mend is told in the log, not to the caller."""
    if isinstance(error, QuestionError):
        fault = Fault(pointer=error.pointer, message=error.message, hint=error.cure, column=error.column)
        return problem("question", error.message, faults=(fault,), request=request)
    if isinstance(error, Unavailable):
        return problem("unavailable", error.message, request=request)
    if isinstance(error, Refused):
        return problem("refused", error.message, request=request)
    if isinstance(error, BillError):
        return problem("bill", error.message, request=request)
    return _logged("configuration", request, error)


def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    """What pydantic refused: the parts by name, without the value that was sent."""
    found = cast("RequestValidationError", error).errors()
    if any(each["type"] == "json_invalid" for each in found):
        return problem("malformed", "the body is not JSON", request=request)
    faults = tuple(_fault(each, request) for each in found)
    return problem("question", faults[0].message if faults else "the request is not valid", faults=faults, request=request)


def _fault(found: Mapping[str, object], request: Request) -> Fault:
    """One complaint of pydantic in our words, with the nearest name for one it does not know."""
    place = [str(part) for part in cast("tuple[object, ...]", found["loc"])[1:]]
    pointer = ".".join(place)[:80] or "body"
    if found["type"] != "extra_forbidden":
        return Fault(pointer=pointer, message=str(found["msg"]))
    return Fault(pointer=pointer, message=f"there is no parameter '{pointer[:40]}' here", hint=nearest(pointer, _known(request)))


def _known(request: Request) -> list[str]:
    """The names the address takes: the fields of the models its endpoint reads."""
    models = get_type_hints(request.scope["endpoint"]).values() if "endpoint" in request.scope else ()
    return [name for model in models if isinstance(model, type) and issubclass(model, BaseModel) for name in model.model_fields]


def _on_status(request: Request, error: Exception) -> JSONResponse:
    """What the router refused."""
    raised = cast("HTTPException", error)
    code = _OF_STATUS.get(raised.status_code, "internal" if raised.status_code >= 500 else "malformed")
    response = problem(code, raised.detail if raised.detail != "Not Found" else "there is nothing at this address", request=request)
    response.headers.update(raised.headers or {})
    return response


def _on_fault(request: Request, error: Exception) -> JSONResponse:
    """A fault of ours: told in the log under the trace id."""
    return _logged("internal", request, error)


def _logged(code: str, request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed, trace %s", request.method, request.url.path, _trace_id(request), exc_info=error)
    return problem(code, "the cause stands in the log under this trace id", request=request)


def _trace_id(request: Request | None) -> str:
    """The caller's trace (W3C traceparent), else a new one; the same for the whole request."""
    if request is None:
        return uuid4().hex
    if not hasattr(request.state, "trace_id"):
        parts = request.headers.get("traceparent", "").split("-")
        given = parts[1] if len(parts) == 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef") else ""
        request.state.trace_id = given or uuid4().hex
    return str(request.state.trace_id)
