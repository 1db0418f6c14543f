"""`bursar serve` as a process, asked over real HTTP."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.acceptance.conftest import COMMAND, House, environment

FORM = "application/x-www-form-urlencoded"
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - a JSON document
        """The document."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server, and what it said when it came up."""

    address: str
    said: str

    def ask(
        self,
        path: str,
        key: str | None = None,
        *,
        parts: Mapping[str, str] = NONE,
        body: object = None,
        form: Mapping[str, str] = NONE,
        headers: Mapping[str, str] = NONE,
    ) -> Reply:
        """One request: of a document, a form, or nothing; a redirect is an answer."""
        sent = {"Authorization": f"Bearer {key}"} if key else {}
        kind = {"Content-Type": "application/json"} if body is not None else {"Content-Type": FORM} if form else {}
        content = urlencode(form) if form else None if body is None else json.dumps(body)
        connection = HTTPConnection(self.address, timeout=60)
        connection.request(
            "GET" if content is None else "POST", f"{path}{'?' + urlencode(parts) if parts else ''}", content,
            {**sent, **kind, **headers},
        )  # fmt: skip
        told = connection.getresponse()
        reply = Reply(status=told.status, headers={name.lower(): value for name, value in told.getheaders()}, body=told.read())
        connection.close()
        return reply


@contextmanager
def served(house: House, *words: str, lines: int = 1, worker: bool = False) -> Iterator[Server]:
    """`bursar serve` over a house, for as long as it is asked, with its worker or without."""
    apart = () if worker else ("--no-worker",)
    with subprocess.Popen(
        [COMMAND, "serve", "--port", "0", *apart, *words], cwd=house.project, env={**environment(), "HOME": str(house.project)},
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        try:
            assert running.stderr
            said = "".join(running.stderr.readline() for _ in range(lines))
            port = re.search(r"http://[^/]+:(\d+)/", said)
            assert port, said
            yield Server(address=f"127.0.0.1:{port[1]}", said=said)
        finally:
            running.terminate()
