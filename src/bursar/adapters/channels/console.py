"""The console channel: alerts on a stream for people, and in a file that remembers which were said."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, cast

from bursar.adapters.channels.payload import Causes, causes_of, texts
from bursar.domain.errors import Unavailable
from bursar.domain.wording import printable
from bursar.ports import Notice, Receipt


class Console:
    """Says each message once: the file, one JSON document a line, is written and synced before the stream is.

    Raises Unavailable when the file cannot be written; nothing was said then.
    """

    def __init__(self, *, file: Path, stream: TextIO | None = None) -> None:
        self.file = file
        self.stream = stream

    def send(self, notice: Notice) -> Receipt:
        """Keep it, then print it. An edit is printed as what it is: a console cannot take back."""
        told = {"key": notice.key, "text": lines_of(notice)}
        try:
            with self.file.open("ab+") as kept:
                kept.write(_start(kept.tell(), self.file) + json.dumps(told, ensure_ascii=False).encode() + b"\n")
                kept.flush()
                os.fsync(kept.fileno())
        except OSError as error:
            raise Unavailable(f"cannot write {self.file.name}: {error.strerror}", cure="Check the disk and its permissions.") from error
        if self.stream:
            self.stream.write("\n".join((*told["text"], "")) + "\n")
            self.stream.flush()
        return {"key": notice.key}

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:  # noqa: ARG002 - the whole file is read
        """Whether the file has it; a line that was cut short was not said."""
        return {"key": notice.key} if any(one.get("key") == notice.key for one in self.said()) else None

    def said(self) -> Iterator[dict[str, Any]]:
        """Every message of the file, oldest first."""
        if not self.file.exists():
            return
        for line in self.file.read_bytes().splitlines():
            try:
                yield cast("dict[str, Any]", json.loads(line))
            except ValueError:
                continue


def lines_of(notice: Notice) -> list[str]:
    """The message as lines of plain text, each harmless in a terminal."""
    payload = notice.payload
    head = f"{'Update  ' if notice.edits or notice.answers else ''}{payload.get('severity', '')}  {payload.get('title', '')}".strip()
    body = [*texts(payload, "sentences"), *_causes(causes_of(payload)), *texts(payload, "do")]
    if payload.get("command"):
        body.append(f"$ {payload['command']}")
    return [printable(head), *(f"  {printable(line)}" for line in body)]


def _causes(causes: Causes) -> list[str]:
    return [f"{n}. {cause.where}: {cause.excess}, {cause.share}" for n, cause in enumerate(causes, start=1)]


def _start(size: int, file: Path) -> bytes:
    """A new line after one that a crash cut short."""
    if not size:
        return b""
    with file.open("rb") as kept:
        kept.seek(-1, os.SEEK_END)
        return b"" if kept.read(1) == b"\n" else b"\n"
