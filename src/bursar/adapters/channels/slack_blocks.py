"""A notice as Slack's Block Kit: within its limits, and with no word that Slack would read as anything but text.

User text stands in `plain_text` objects, its `& < >` escaped; the one `mrkdwn` is a code block, verbatim, without backticks.
Source: docs.slack.dev, "Formatting message text", "Block Kit"; at most 50 blocks, 3,000 characters a section, 150 a header.
"""

from collections.abc import Mapping

from bursar.adapters.channels.payload import causes_of, texts
from bursar.domain.wording import printable

HEADER, SECTION, FALLBACK, ALT = 150, 3000, 3000, 2000
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Block = dict[str, object]


def escaped(text: str, limit: int) -> str:
    """The text as Slack shows it literally, at most `limit` characters long and never cut inside an escape."""
    parts: list[str] = []
    length = 0
    for sign in text:
        part = ESCAPES.get(sign, sign)
        if length + len(part) > limit - 1:
            return "".join((*parts, "…"))
        parts.append(part)
        length += len(part)
    return "".join(parts)


def plain(text: str, limit: int = SECTION) -> Block:
    """A text object that is never read as markup."""
    return {"type": "plain_text", "text": escaped(text, limit) or " ", "emoji": False}


def fallback(payload: Mapping[str, object]) -> str:
    """The line that notifications show."""
    return escaped(_line(f"{payload.get('severity', '')} {payload.get('title', '')}"), FALLBACK) or "bursar"


def blocks(payload: Mapping[str, object], *, key: str, picture: str | None = None) -> list[Block]:
    """The whole message. `picture` is the id of an uploaded file."""
    sentences, causes, todo = texts(payload, "sentences"), causes_of(payload), texts(payload, "do")
    found: list[Block] = [{"type": "header", "text": plain(_line(str(payload.get("title") or "bursar")), HEADER)}]
    if sentences:
        found.append(_section("\n".join(_line(text) for text in sentences)))
    if picture:
        alt = escaped(_line(str(payload.get("title") or "Costs")), ALT) or "Costs"
        found.append({"type": "image", "slack_file": {"id": picture}, "alt_text": alt})
    if causes:
        lines = [f"{n}. {_line(cause.where)}: {cause.excess}, {cause.share}" for n, cause in enumerate(causes, start=1)]
        found.append(_section("\n".join(lines)))
    if todo:
        found.append(_section("\n".join(f"• {_line(text)}" for text in todo)))
    if command := _code(str(payload.get("command") or "")):
        found.append({"type": "section", "text": {"type": "mrkdwn", "text": command, "verbatim": True}})
    owner = payload.get("owner") or "nobody's"
    foot = " · ".join(str(part) for part in (payload.get("severity"), owner, key) if part)
    found.append({"type": "context", "elements": [plain(_line(foot))]})
    return found


def _section(text: str) -> Block:
    return {"type": "section", "text": plain(text)}


def _line(text: str) -> str:
    return printable(text)


def _code(command: str) -> str:
    """A command as a code block; none when it does not fit, for half a command is a wrong one."""
    inner = "".join(ESCAPES.get(sign, sign) for sign in printable(command).replace("`", "'"))
    return f"```\n{inner}\n```" if inner and len(inner) < SECTION - 10 else ""
