"""Slack's Web API over HTTP: one POST a method, bounded in time and size, its failures told apart by who can mend them.

The token goes to the API's own address only, in a header; no error, log line or repr of ours holds it or an upload address.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import cast
from urllib.parse import urlsplit

import httpx2

from bursar.domain.errors import ConfigError, Unavailable

CALL_SECONDS, SEND_SECONDS = 10.0, 60.0
BYTES = 8 << 20
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})

_CODE = re.compile(r"[a-z_]{1,60}")
TRANSIENT = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
CURES = {
    "invalid_auth": "Check channels.slack.token in bursar.yaml: a bot token, xoxb-…",
    "not_authed": "Set channels.slack.token in bursar.yaml.",
    "account_inactive": "Install the app again and set its new token.",
    "token_revoked": "Install the app again and set its new token.",
    "missing_scope": "The bot needs chat:write, files:write, files:read, channels:read and channels:history; install the app again.",
    "channel_not_found": "Name a channel that exists, and invite the bot: /invite @bursar.",
    "not_in_channel": "Invite the bot into the channel: /invite @bursar.",
    "is_archived": "Name another channel in bursar.yaml.",
    "restricted_action": "Allow the app to post there.",
}


class Refusal(ConfigError):
    """Slack understood and said no; `code` is its word for why."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method}: {code}", cure=CURES.get(code, "See the method's errors at docs.slack.dev."))
        self.code = code


class SlackWeb:
    """Calls with one bot token. `url` is the API's address; anything but https is refused unless it is this machine."""

    def __init__(
        self,
        token: str,
        *,
        url: str = "https://slack.com/api",
        seconds: float = CALL_SECONDS,
        whole_seconds: float = SEND_SECONDS,
        transport: httpx2.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL):
            raise ConfigError("channels.slack.url must be https", cure="Leave it out for Slack itself.")
        self._url = url.rstrip("/")
        self._bearer = f"Bearer {token}"
        self._client = httpx2.Client(timeout=seconds, follow_redirects=False, transport=transport)
        self._whole = whole_seconds
        self._monotonic = monotonic
        self._until = monotonic() + whole_seconds

    def __repr__(self) -> str:
        return f"SlackWeb({self._url})"

    def begin(self) -> None:
        """The time that one message may take, from now."""
        self._until = self._monotonic() + self._whole

    def read(self, method: str, form: Mapping[str, str]) -> Mapping[str, object]:
        """A method that takes a form and posts nothing."""
        return self._called(method, self._request(method, data=dict(form)), again=True)

    def write(self, method: str, body: Mapping[str, object], *, again: bool) -> Mapping[str, object]:
        """A method that takes JSON. `again`: doing it twice is doing it once, so a lost answer leaves nothing to find out."""
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self._called(method, self._request(method, content=content), again=again)

    def upload(self, address: str, content: bytes) -> None:
        """Bytes to the address Slack gave for them, without the token."""
        request = self._client.build_request("POST", address, content=content, headers={"Content-Type": "application/octet-stream"})
        status, _, _ = self._sent("the upload", request, again=True)
        if status != 200:
            raise Unavailable(f"Slack answered {status} to the upload", untouched=True)

    def _request(self, method: str, *, data: dict[str, str] | None = None, content: bytes | None = None) -> httpx2.Request:
        headers = {"Authorization": self._bearer}
        if content is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return self._client.build_request("POST", f"{self._url}/{method}", data=data, content=content, headers=headers)

    def _called(self, method: str, request: httpx2.Request, *, again: bool) -> Mapping[str, object]:
        """The method's answer. Raises Unavailable or Refusal."""
        status, headers, content = self._sent(method, request, again=again)
        if status == 429:
            raise Unavailable(f"Slack limits {method}", retry_after=_seconds(headers.get("Retry-After")), untouched=True)
        if status >= 500:
            raise Unavailable(f"Slack answered {status} to {method}", retry_after=_seconds(headers.get("Retry-After")), untouched=again)
        if status != 200:
            raise ConfigError(f"Slack answered {status} to {method}", cure="Check channels.slack.url and what stands between.")
        told = _document(content)
        if told is None:
            raise Unavailable(f"Slack answered {method} with something else", untouched=again)
        if told.get("ok") is not True:
            raise _refused(method, str(told.get("error") or "no reason"), headers, again=again)
        return told

    def _sent(self, method: str, request: httpx2.Request, *, again: bool) -> tuple[int, httpx2.Headers, bytes]:
        """One exchange, given up when the message's time is over, however slowly the answer drips."""
        if self._monotonic() >= self._until:
            raise Unavailable(f"Slack took too long before {method}", untouched=True)
        try:
            response = self._client.send(request, stream=True)
            try:
                return response.status_code, response.headers, self._content(method, response, again=again)
            finally:
                response.close()
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Unavailable(f"no connection to Slack for {method}: {type(error).__name__}", untouched=True) from None
        except httpx2.HTTPError as error:
            raise Unavailable(f"Slack did not answer {method}: {type(error).__name__}", untouched=again) from None

    def _content(self, method: str, response: httpx2.Response, *, again: bool) -> bytes:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > BYTES or self._monotonic() >= self._until:
                raise Unavailable(f"Slack's answer to {method} does not end", untouched=again)
            parts.append(part)
        return b"".join(parts)


def _refused(method: str, code: str, headers: httpx2.Headers, *, again: bool) -> Exception:
    """`ok: false`, as the failure it is."""
    if code in LIMITED:
        return Unavailable(f"Slack limits {method}", retry_after=_seconds(headers.get("Retry-After")), untouched=True)
    if code in TRANSIENT:
        return Unavailable(f"Slack failed at {method}: {code}", untouched=again)
    return Refusal(method, code if _CODE.fullmatch(code) else "for a reason of its own")


def _document(content: bytes) -> Mapping[str, object] | None:
    try:
        found: object = json.loads(content)
    except ValueError:
        return None
    return cast("Mapping[str, object]", found) if isinstance(found, dict) else None


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds, which is how Slack writes it."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
