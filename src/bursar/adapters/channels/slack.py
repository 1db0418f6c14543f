"""The Slack channel: a bot that posts, answers in threads, changes what it posted, and finds its own messages again.

Every message carries `metadata: {event_type: bursar, event_payload: {key}}`, by which a lost answer is looked up. Scopes:
chat:write, files:write, files:read, channels:history and channels:read (groups:… for private channels).
Source: docs.slack.dev, reference of each method named here.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from bursar.adapters.channels.slack_blocks import blocks, fallback
from bursar.adapters.channels.slack_web import Refusal, SlackWeb
from bursar.domain.errors import ConfigError, Unavailable
from bursar.ports import Notice, Receipt

EVENT = "bursar"
SKEW = timedelta(days=1)
"""How far Slack's clock and ours may differ, or ours have jumped, between an attempt and its probe."""
PAGES, PAGE = 50, 200
LOOKS, LOOK_SECONDS = 5, 0.2
"""How often an uploaded picture is looked at until Slack has read it."""
KEPT = 99
"""Pictures remembered, so that a message tried again does not upload its own again."""
_ID = re.compile(r"[CGD][A-Z0-9]{8,}")

Draw = Callable[[Mapping[str, object]], bytes | None]
"""A payload's picture as PNG, or None where there is nothing to draw."""

INVITE = "Invite the bot: /invite @bursar. For a private channel it needs groups:read and groups:history."


class Slack:
    """One workspace through one bot token. `pause` waits for a picture to be read; nothing else ever waits."""

    def __init__(self, web: SlackWeb, *, draw: Draw = lambda _: None, pause: Callable[[float], None] = time.sleep) -> None:
        self._web = web
        self._draw = draw
        self._pause = pause
        self._ids: dict[str, str] = {}
        self._pictures: dict[bytes, str] = {}

    def __repr__(self) -> str:
        return f"Slack({self._web!r})"

    def send(self, notice: Notice) -> Receipt:
        """Post it, in the thread of what it answers, or change the message it edits. One whole picture, if there is one."""
        self._web.begin()
        picture = self._picture(notice)
        try:
            return self._post(notice, picture)
        except Refusal as refusal:
            if refusal.code != "invalid_blocks" or not picture:
                raise
        return self._post(notice, None)  # Slack has not read the picture yet; the words matter more

    def probe(self, notice: Notice, since: datetime) -> Receipt | None:
        """The message with this key, from a day before `since` on. An edit is never looked for: twice is once."""
        self._web.begin()
        if notice.edits:
            return None
        form = {"oldest": f"{(since - SKEW).timestamp():.6f}", "inclusive": "true", "include_all_metadata": "true"}
        if notice.answers:
            method, form = "conversations.replies", {**form, "channel": _text(notice.answers, "channel"), "ts": _text(notice.answers, "ts")}
        else:
            method, form = "conversations.history", {**form, "channel": self._id(_channel(notice))}
        for message in self._pages(method, "messages", form):
            if _key_of(message) == notice.key:
                return {"channel": form["channel"], "ts": _text(message, "ts"), "key": notice.key}
        return None

    def _post(self, notice: Notice, picture: str | None) -> Receipt:
        receipt = notice.edits or {}
        key = str(receipt.get("key") or notice.key)
        body: dict[str, object] = {
            "text": fallback(notice.payload),
            "blocks": blocks(notice.payload, key=key, picture=picture),
            "metadata": {"event_type": EVENT, "event_payload": {"key": key}},
            "parse": "none",
            "link_names": False,
        }
        if notice.edits:
            told = self._web.write("chat.update", {**body, "channel": _text(receipt, "channel"), "ts": _text(receipt, "ts")}, again=True)
        else:
            where = {"channel": _text(notice.answers, "channel"), "thread_ts": _text(notice.answers, "ts")} if notice.answers else {}
            quiet = {"unfurl_links": False, "unfurl_media": False}
            told = self._web.write("chat.postMessage", {**body, **quiet, "channel": _channel(notice), **where}, again=False)
        return {"channel": _text(told, "channel"), "ts": _text(told, "ts"), "key": key}

    def _picture(self, notice: Notice) -> str | None:
        """The id of the notice's picture, uploaded once however often the message is tried; None without one."""
        png = self._draw(notice.payload)
        if not png:
            return None
        name = sha256(png).digest()
        if name not in self._pictures:
            file = self._upload(png)
            if file is None:
                return None
            self._pictures = {**dict(list(self._pictures.items())[-KEPT:]), name: file}
        return self._pictures[name]

    def _upload(self, png: bytes) -> str | None:
        """The id of a picture that Slack has read; None when it takes its time."""
        told = self._web.read("files.getUploadURLExternal", {"filename": "costs.png", "length": str(len(png))})
        file = _text(told, "file_id")
        self._web.upload(_text(told, "upload_url"), png)
        self._web.write("files.completeUploadExternal", {"files": [{"id": file, "title": "costs.png"}]}, again=True)
        for look in range(LOOKS):
            found = self._web.read("files.info", {"file": file}).get("file")
            if isinstance(found, Mapping) and cast("Mapping[str, object]", found).get("mimetype"):
                return file
            self._pause(LOOK_SECONDS * (look + 1))
        return None

    def _id(self, name: str) -> str:
        """A channel's id: history knows no names."""
        if _ID.fullmatch(name):
            return name
        wanted = name.removeprefix("#")
        if wanted not in self._ids:
            form = {"types": "public_channel,private_channel", "exclude_archived": "true"}
            self._ids = {_text(row, "name"): _text(row, "id") for row in self._pages("conversations.list", "channels", form)}
        if wanted not in self._ids:
            raise ConfigError(f"Slack: the bot sees no channel #{wanted}", cure=INVITE)
        return self._ids[wanted]

    def _pages(self, method: str, rows: str, form: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
        """Every row of a listing. Raises Unavailable rather than end early: what is not found counts as not there."""
        cursor = ""
        for _ in range(PAGES):
            told = self._web.read(method, {**form, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})})
            yield from cast("list[Mapping[str, object]]", told.get(rows) or [])
            after = cast("Mapping[str, object]", told.get("response_metadata") or {})
            cursor = str(after.get("next_cursor") or "")
            if not cursor:
                return
        raise Unavailable(f"Slack: {method} has more than {PAGES} pages")


def _channel(notice: Notice) -> str:
    """Where the payload says it goes."""
    name = str(notice.payload.get("channel") or "")
    if not name:
        raise ConfigError("Slack: the message names no channel", cure="Set channels.slack.default in bursar.yaml.")
    return name


def _key_of(message: Mapping[str, object]) -> object:
    """The key a message of ours carries."""
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping):
        return None
    found = cast("Mapping[str, object]", metadata)
    payload = found.get("event_payload")
    return cast("Mapping[str, object]", payload).get("key") if found.get("event_type") == EVENT and isinstance(payload, Mapping) else None


def _text(row: Mapping[str, object] | None, name: str) -> str:
    """A field that Slack documents as there. Raises Unavailable where it is not: something else answered."""
    found = (row or {}).get(name)
    if not isinstance(found, str) or not found:
        raise Unavailable(f"Slack answered without {name}")
    return found
