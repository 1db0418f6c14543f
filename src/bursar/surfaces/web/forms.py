"""Forms that change something: whose they are, that this site drew them, and that they came from this machine.

A form carries a mark that only this process can make and only a page of this site can read; the browser's own word on where a
request comes from is asked too. Until there are keys, whoever reaches a loopback server is the user it runs as.
"""

import hmac
import secrets
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request

from bursar.domain.errors import NotApproved, Refused

MAX_BODY = 16 * 1024
MAX_FIELDS = 20
LOOPBACK = frozenset({"127.0.0.1", "::1"})
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
_SECRET = secrets.token_bytes(32)
_AGAIN = "Open the page again and send the form from there."

Fields = Mapping[str, str]


def mark(path: str) -> str:
    """What the form of an address carries, so that no other site can send it. Another after every start of the server."""
    return hmac.new(_SECRET, path.encode(), sha256).hexdigest()[:32]


async def fields_of(request: Request) -> Fields:  # only a coroutine may read a body; the endpoints stay plain
    """The fields of a sent form, the first of each name; none of what no form of ours sends, which `check` then refuses."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    length = request.headers.get("content-length", "")
    if kind != "application/x-www-form-urlencoded" or not length.isdecimal() or int(length) > MAX_BODY:
        return {}
    try:
        given = parse_qsl((await request.body()).decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return dict(reversed(given))


def check(request: Request, fields: Fields) -> None:
    """Raises Refused unless a page of this very server sent the form."""
    if not _same_site(request) or not hmac.compare_digest(fields.get("mark", "").encode(), mark(request.url.path).encode()):
        raise Refused("the form did not come from a page of this server as it runs now", cure=_AGAIN)


def check_local(request: Request) -> None:
    """Raises NotApproved unless the server is bound to this machine: only then is it known who speaks."""
    bound = request.scope.get("server") or ("", None)
    if bound[0] not in LOOPBACK | LOCAL_NAMES or (request.url.hostname or "") not in LOCAL_NAMES:
        raise NotApproved("nobody is known here: this page signs only on the machine the server runs on", cure="Open it on that machine.")


def _same_site(request: Request) -> bool:
    """What the browser says of where the request comes from; an older one that says nothing is left to the mark."""
    told = request.headers.get("sec-fetch-site")
    if told is not None and told != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
