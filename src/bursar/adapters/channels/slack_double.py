"""A Slack that is not one: the Web API's methods that bursar calls, over HTTP on this machine, as documented.

It ships, so that `bursar demo` and a first try need no workspace, and tests need no mocks. It is as strict as Slack where
that matters: a method's content type, ids against names, block limits, metadata only when asked for, replies apart from
history, pictures that are not read at once. Faults are told it in advance: `429:7` (`429` names no seconds), `500`, `html` (200, and
a page), `reset` (before anything happens), `lost` (it happens, the answer does not come), `bare` (it happens, the answer says nothing
but ok), `late:3` (it happens, seconds later), or an error code. Source: docs.slack.dev, reference of each method.
"""

import json
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bursar.adapters.channels.slack_double_methods import METHODS, Refused, Workspace

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

TOKEN = "xoxb-0000000000-simulated"  # noqa: S105 - of a workspace that does not exist
FORM = "application/x-www-form-urlencoded"
PAGES = {"500": "500 Internal Server Error", "html": "200 OK"}
"""Faults that answer with a page."""
HAPPENS = frozenset({"", "lost", "bare"})
"""Faults after which the message is there."""
FORM_ONLY = frozenset({"conversations.history", "conversations.replies", "conversations.list", "files.info", "files.getUploadURLExternal"})


class SlackDouble:
    """A workspace with these channels, the bot in each. `url` is what `channels.slack.url` takes."""

    def __init__(self, channels: Sequence[str] = ("#finops",), *, token: str = TOKEN, clock: Callable[[], float] = time.time) -> None:
        self.token = token
        self.workspace = Workspace(channels, clock=clock)
        self.calls: Counter[str] = Counter()
        self.bodies: list[tuple[str, Mapping[str, Any]]] = []
        self.strangers: list[str] = []
        self._faults: dict[str, deque[str]] = defaultdict(deque)
        self._lock = threading.Lock()
        self._server = make_server("127.0.0.1", 0, self._answer, server_class=_Server, handler_class=_Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        """Listening."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Gone."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """The API's address."""
        return f"{self.origin}/api"

    def fail(self, method: str, *faults: str) -> None:
        """The next calls of a method end so, one after the other; `` is a call that goes well."""
        self._faults[method].extend(faults)

    def keys(self) -> Counter[str]:
        """How often each of bursar's keys was posted, in channels and threads."""
        return Counter(message["metadata"]["event_payload"]["key"] for message in self.workspace.messages if "metadata" in message)

    def _answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with self._lock:
            path = str(environ["PATH_INFO"])
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if path.startswith("/upload/"):
                return self._upload(path, body, environ, start)
            method = path.removeprefix("/api/")
            self.calls[method] += 1
            waiting = self._faults[method]
            fault = waiting.popleft() if waiting else ""
            if fault == "reset":
                raise ConnectionResetError
            if fault.startswith("429"):
                after = fault.partition(":")[2]
                named = [("Retry-After", after)] if after else []
                start("429 Too Many Requests", [*named, ("Content-Type", "application/json")])
                return [json.dumps({"ok": False, "error": "ratelimited"}).encode()]
            if fault in PAGES:
                start(PAGES[fault], [("Content-Type", "text/html")])
                return [b"<html>oops</html>"]
            if fault.startswith("late:"):
                time.sleep(float(fault.partition(":")[2]))
                fault = ""
            told = self._call(method, body, environ) if fault in HAPPENS else {"ok": False, "error": fault}
            if fault == "lost":
                raise ConnectionResetError
            if fault == "bare":
                told = {"ok": True}
            start("200 OK", [("Content-Type", "application/json; charset=utf-8")])
            return [json.dumps(told).encode()]

    def _call(self, method: str, body: bytes, environ: "WSGIEnvironment") -> dict[str, Any]:
        """One method's documented answer."""
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.token}":
            return {"ok": False, "error": "invalid_auth" if environ.get("HTTP_AUTHORIZATION") else "not_authed"}
        if method not in METHODS:
            return {"ok": False, "error": "unknown_method"}
        kind = str(environ.get("CONTENT_TYPE") or "").partition(";")[0]
        if kind == FORM:
            arguments: dict[str, Any] = {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        elif kind == "application/json" and method not in FORM_ONLY:
            arguments = json.loads(body)
        else:
            return {"ok": False, "error": "invalid_arguments"}
        self.bodies.append((method, arguments))
        try:
            return {"ok": True, **METHODS[method](self.workspace, arguments, self.origin)}
        except Refused as refused:
            return {"ok": False, "error": str(refused)}

    def _upload(self, path: str, body: bytes, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        """The bytes of a file; the token has no business here and is written down if it comes."""
        if "HTTP_AUTHORIZATION" in environ:
            self.strangers.append(str(environ["HTTP_AUTHORIZATION"]))
        file = self.workspace.files.get(path.removeprefix("/upload/"))
        good = file is not None and len(body) == file["length"]
        if file is not None and good:
            file["content"] = body
        start("200 OK" if good else "400 Bad Request", [("Content-Type", "text/plain")])
        return [f"OK - {len(body)}".encode() if good else b"bad"]


class _Server(WSGIServer):
    """One request at a time, in the order they come."""

    allow_reuse_address = True


class _Quiet(WSGIRequestHandler):
    """Says nothing on stderr."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class's signature
        """Nothing."""
