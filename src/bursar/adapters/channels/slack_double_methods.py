"""What each method of the Slack double does to its workspace, and what it answers: the documented fields, no more."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

READ_AFTER = 2
"""How often a picture is asked for until it has been read."""
TEXT, BLOCKS, SECTION, HEADER, ALT = 40_000, 50, 3000, 150, 2000


class Refused(Exception):
    """`ok: false` with this code."""


class Workspace:
    """Channels, messages and files. A message is what the API shows of it."""

    def __init__(self, channels: Sequence[str], *, clock: Callable[[], float]) -> None:
        self.channels = {name.removeprefix("#"): f"C{n:08d}X" for n, name in enumerate(channels, start=1)}
        self.messages: list[dict[str, Any]] = []
        self.files: dict[str, dict[str, Any]] = {}
        self.members = set(self.channels.values())
        self._clock = clock
        self._ticks = count(1)

    def channel(self, name: str, *, by_name: bool) -> str:
        """A channel's id, from its id or, where the method takes one, its name."""
        found = self.channels.get(name.removeprefix("#")) if by_name else None
        ident = found or name
        if ident not in self.channels.values():
            raise Refused("channel_not_found")
        if ident not in self.members:
            raise Refused("not_in_channel")
        return ident

    def stamp(self) -> str:
        """A message's time, which is its name."""
        return f"{int(self._clock())}.{next(self._ticks):06d}"

    def find(self, channel: str, ts: object) -> dict[str, Any] | None:
        """A message of a channel."""
        return next((one for one in self.messages if one["channel"] == channel and one["ts"] == ts), None)


def post_message(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`chat.postMessage`: takes names and ids, JSON."""
    channel = workspace.channel(str(arguments.get("channel", "")), by_name=True)
    thread = arguments.get("thread_ts")
    if thread and not workspace.find(channel, thread):
        raise Refused("thread_not_found")
    message = {"type": "message", "channel": channel, "ts": workspace.stamp(), "bot_id": "B00000001", **_content(workspace, arguments)}
    if thread:
        message["thread_ts"] = thread
    workspace.messages.append(message)
    return {"channel": channel, "ts": message["ts"], "message": _shown(message, metadata=True)}


def update(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`chat.update`: ids only; what is not given again stays."""
    channel = workspace.channel(str(arguments.get("channel", "")), by_name=False)
    message = workspace.find(channel, arguments.get("ts"))
    if message is None:
        raise Refused("message_not_found")
    message.update(_content(workspace, arguments), edited={"user": "U00000001", "ts": workspace.stamp()})
    return {"channel": channel, "ts": message["ts"], "text": message["text"], "message": _shown(message, metadata=True)}


def history(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`conversations.history`: newest first, without the replies of threads."""
    channel = workspace.channel(str(arguments.get("channel", "")), by_name=False)
    found = [one for one in workspace.messages if one["channel"] == channel and one.get("thread_ts", one["ts"]) == one["ts"]]
    return _page(_since(found, arguments)[::-1], arguments)


def replies(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`conversations.replies`: the parent, then its answers, oldest first."""
    channel = workspace.channel(str(arguments.get("channel", "")), by_name=False)
    parent = workspace.find(channel, arguments.get("ts"))
    if parent is None:
        raise Refused("thread_not_found")
    found = [one for one in workspace.messages if one["channel"] == channel and one.get("thread_ts") == parent["ts"]]
    return _page([parent, *_since(found, arguments)], arguments)


def listing(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`conversations.list`."""
    rows = [{"id": ident, "name": name, "is_member": ident in workspace.members} for name, ident in workspace.channels.items()]
    return _cut(rows, "channels", arguments)


def upload_url(workspace: Workspace, arguments: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """`files.getUploadURLExternal`."""
    if not arguments.get("filename") or not str(arguments.get("length", "")).isdigit():
        raise Refused("invalid_arguments")
    ident = f"F{len(workspace.files) + 1:08d}X"
    workspace.files[ident] = {"id": ident, "length": int(arguments["length"]), "content": None, "complete": False, "looks": 0}
    return {"upload_url": f"{origin}/upload/{ident}", "file_id": ident}


def complete(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`files.completeUploadExternal`: private unless a channel is named."""
    wanted = arguments.get("files")
    rows: list[Any] = json.loads(wanted) if isinstance(wanted, str) else list(wanted or [])
    for row in rows:
        file = workspace.files.get(row.get("id"))
        if file is None or file["content"] is None:
            raise Refused("file_not_found")
        file["complete"] = True
    return {"files": [{"id": row["id"], "title": row.get("title", "")} for row in rows]}


def info(workspace: Workspace, arguments: Mapping[str, Any], _: str) -> dict[str, Any]:
    """`files.info`: no type until the file has been read."""
    file = workspace.files.get(str(arguments.get("file", "")))
    if file is None or not file["complete"]:
        raise Refused("file_not_found")
    file["looks"] += 1
    return {"file": {"id": file["id"], "mimetype": "image/png" if file["looks"] >= READ_AFTER else "", "size": file["length"]}}


METHODS: dict[str, Callable[[Workspace, Mapping[str, Any], str], dict[str, Any]]] = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.list": listing,
    "files.getUploadURLExternal": upload_url,
    "files.completeUploadExternal": complete,
    "files.info": info,
}


def _content(workspace: Workspace, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a message says, within Slack's limits."""
    text, blocks, metadata = arguments.get("text"), arguments.get("blocks"), arguments.get("metadata")
    if not text and not blocks:
        raise Refused("no_text")
    if isinstance(text, str) and len(text) > TEXT:
        raise Refused("msg_too_long")
    if blocks is not None and (len(blocks) > BLOCKS or not all(_fits(workspace, block) for block in blocks)):
        raise Refused("invalid_blocks")
    found: dict[str, Any] = {"text": text or "", "blocks": blocks or []}
    if metadata is not None:
        if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
            raise Refused("invalid_metadata_format")
        found["metadata"] = metadata
    return found


def _fits(workspace: Workspace, block: Mapping[str, Any]) -> bool:
    match block.get("type"):
        case "header":
            return block["text"]["type"] == "plain_text" and 0 < len(block["text"]["text"]) <= HEADER
        case "section":
            return 0 < len(block["text"]["text"]) <= SECTION
        case "image":
            file = workspace.files.get(block["slack_file"]["id"])
            return bool(file and file["complete"] and file["looks"] >= READ_AFTER and 0 < len(block["alt_text"]) <= ALT)
        case "context":
            return 0 < len(block["elements"]) <= 10
        case kind:
            return kind == "divider"


def _since(messages: Sequence[dict[str, Any]], arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Messages from `oldest` on, itself included only if asked."""
    oldest = float(arguments.get("oldest") or 0)
    inclusive = arguments.get("inclusive") == "true"
    return [one for one in messages if float(one["ts"]) > oldest or (inclusive and float(one["ts"]) == oldest)]


def _page(messages: Sequence[dict[str, Any]], arguments: Mapping[str, Any]) -> dict[str, Any]:
    metadata = arguments.get("include_all_metadata") == "true"
    cut = _cut([_shown(one, metadata=metadata) for one in messages], "messages", arguments)
    return {**cut, "has_more": bool(cut["response_metadata"]["next_cursor"])}


def _cut(rows: Sequence[dict[str, Any]], name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One page and the cursor of the next."""
    limit = min(int(arguments.get("limit") or 100), 999)
    start = int(str(arguments.get("cursor") or "next:0").partition(":")[2])
    after = f"next:{start + limit}" if len(rows) > start + limit else ""
    return {name: list(rows[start : start + limit]), "response_metadata": {"next_cursor": after}}


def _shown(message: Mapping[str, Any], *, metadata: bool) -> dict[str, Any]:
    """A message as the API shows it: its channel is where it is, its metadata only if asked for."""
    return {name: value for name, value in message.items() if name != "channel" and (metadata or name != "metadata")}
