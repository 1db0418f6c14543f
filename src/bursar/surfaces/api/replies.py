"""Replies: JSON or CSV of one listing, with ETag, age and the generation they were read from; equal questions are asked once.

An ETag of data is `W/"g<generation>-<digest of question, row scope and form>"`, one of decisions `W/"j<journal's newest entry>-…"`:
whether it still holds is known before any query.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from fastapi import Request, Response
from starlette.exceptions import HTTPException

from bursar.domain.periods import stamp
from bursar.lake.generations import Generation
from bursar.query.errors import QuestionError, nearest
from bursar.surfaces.documents import Listing, csv_text, value
from bursar.surfaces.principal import Principal

KEPT_ANSWERS = 256
KEPT_BYTES = 1 << 20
MEDIA_TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
_CACHE = {"Cache-Control": "private, max-age=30", "Vary": "Authorization, Cookie, Accept"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A body ready to send, and the address of the page after it, if any."""

    body: bytes
    next: str | None = None


class Answers:
    """The latest bodies by ETag, bounded in number and size. Equal questions in flight wait for the first one's answer."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Told] = OrderedDict()
        self._lock = threading.Lock()
        self._busy: dict[str, tuple[threading.Lock, int]] = {}

    def get(self, tag: str, make: Callable[[], Told]) -> Told:
        """The kept body of this ETag, else the one `make` gives."""
        with self._turn(tag):
            found = self._find(tag)
            if found is None:
                found = make()
                self._keep(tag, found)
            return found

    def _find(self, tag: str) -> Told | None:
        with self._lock:
            if tag in self._kept:
                self._kept.move_to_end(tag)
            return self._kept.get(tag)

    def _keep(self, tag: str, told: Told) -> None:
        with self._lock:
            if len(told.body) <= KEPT_BYTES:
                self._kept[tag] = told
            while len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)

    @contextmanager
    def _turn(self, tag: str) -> Generator[None]:
        """One at a time per ETag; a lock lives as long as somebody waits for it."""
        with self._lock:
            lock, waiting = self._busy.get(tag, (threading.Lock(), 0))
            self._busy[tag] = (lock, waiting + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, waiting = self._busy[tag]
                if waiting == 1:
                    del self._busy[tag]
                else:
                    self._busy[tag] = (lock, waiting - 1)


def form_of(request: Request, chosen: str | None) -> str:
    """`json` or `csv`, by `?format=` or else by Accept. Raises QuestionError, or 406 when neither is accepted."""
    if chosen:
        if chosen not in MEDIA_TYPES:
            raise QuestionError(
                f"there is no format '{chosen[:20]}'", cure=nearest(chosen, MEDIA_TYPES) or "choose json or csv", pointer="format"
            )
        return chosen
    wanted = [part.split(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    for kind in wanted:
        if kind in {"*/*", "application/*", "application/json"}:
            return "json"
        if kind in {"text/csv", "text/*"}:
            return "csv"
    raise HTTPException(406, "ask for application/json or text/csv")


def once_each(request: Request) -> None:
    """Refuse a parameter that is given twice, as nobody knows which of the two was meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    for name in names:
        if names.count(name) > 1:
            raise QuestionError(f"'{name[:40]}' is given twice", pointer=name[:40])


def etag(stand: str, *parts: str) -> str:
    """The ETag of an answer that depends on a state (`g412`, `j8831-…`) and these words alone."""
    digest = hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:20]
    return f'W/"{stand}-{digest}"'


def holds(request: Request, tag: str) -> bool:
    """Whether the caller already has this answer."""
    given = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    bare = tag.removeprefix("W/")
    return "*" in given or any(part.removeprefix("W/") == bare for part in given)


def headers_of(generation: Generation, tag: str) -> dict[str, str]:
    """What every answer read from a generation says about itself."""
    age = {"X-Data-As-Of": stamp(generation.data_as_of)} if generation.data_as_of else {}
    return {"ETag": tag, "X-Bursar-Generation": str(generation.n), **age, **_CACHE}


def unchanged(generation: Generation, tag: str) -> Response:
    """304: what you have still holds."""
    return Response(status_code=304, headers=headers_of(generation, tag))


def reply(told: Told, form: str, *, generation: Generation, tag: str) -> Response:
    """200 with a body read from a generation."""
    link = {"Link": f'<{told.next}>; rel="next"'} if told.next else {}
    return Response(told.body, media_type=MEDIA_TYPES[form], headers={**headers_of(generation, tag), **link})


def body_of(listing: Listing, form: str) -> bytes:
    """A listing as it is sent: same rows, order and decimals in each form."""
    text = json.dumps(listing.document, ensure_ascii=False, separators=(",", ":"), default=value) if form == "json" else csv_text(listing)
    return text.encode()


def answered(  # noqa: PLR0913 - everything an answer depends on
    request: Request,
    principal: Principal,
    words: tuple[str, ...],
    form: str,
    *,
    generation: Generation,
    make: Callable[[], Told],
    stand: str | None = None,
) -> Response:
    """The reply that these words, the caller's rows, the form and a state determine: 304 before any query, else kept or fresh.

    The state is the generation, or the `stand` of what the journal decides.
    """
    tag = etag(stand or f"g{generation.n}", *words, principal.mark, form)
    if holds(request, tag):
        return unchanged(generation, tag)
    answers = cast("Answers", request.app.state.answers)
    return reply(answers.get(tag, make), form, generation=generation, tag=tag)


def told_now(request: Request, listing: Listing, form: str, *, generation: Generation) -> Response:
    """A reply about the state of the store, which changes without a new generation: its ETag is the body's own digest."""
    body = body_of(listing, form)
    tag = f'W/"s-{hashlib.sha256(body).hexdigest()[:20]}"'
    return unchanged(generation, tag) if holds(request, tag) else reply(Told(body=body), form, generation=generation, tag=tag)
