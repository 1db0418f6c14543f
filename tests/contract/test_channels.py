"""Every channel keeps the same promises: once per key, no secret out, failures told apart, strangers' words inert."""

from __future__ import annotations

import io
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.adapters.channels.console import Console
from bursar.adapters.channels.slack import Slack
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from bursar.adapters.channels.slack_web import SlackWeb
from bursar.domain.errors import BursarError, ConfigError, Unavailable
from bursar.ports import Channel, Notice, Receipt

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PNG = b"\x89PNG\r\n" + bytes(100)
PAYLOAD: dict[str, object] = {
    "kind": "incident",
    "title": "payments: 412.10 USD more than expected",
    "severity": "S2",
    "owner": "payments",
    "channel": "#finops",
    "sentences": ["Since 3 November payments cost 1,204.50 USD; 792.40 USD was expected."],
    "expected": "792.40",
    "actual": "1204.50",
    "excess": "412.10",
    "currency": "USD",
    "series": [],
    "causes": [{"scope": {"team": "payments"}, "share": "0.62", "excess": "255.50", "currency": "USD"}],
    "do": ["Look at what moved."],
    "command": "bursar costs --filter \"team = 'payments'\"",
    "plan_digest": None,
    "thread_of": None,
}
NASTY = (
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<#C012345|general>", "<https://evil.example|click>", "<script>alert(1)</script>",
    "& < >", "&lt;!channel&gt;", "@channel @here", "*bold* _x_ ~s~ `code` ```", "\u202eevil\u202c", "\u200bzero\u200d\ufeff",
    "\x1b[2J\x1b]0;title\x07", "a\x00b\x08c\r\nd", "|pipe|", "{{7*7}} {% x %} ${HOME}", "';DROP TABLE outbox;--", "😀" * 50, "x" * 9000,
    "<" * 4000, "\ud800", "مرحبا", "=1+1", "\u2066\u2069", "`$(reboot)`", "http://evil.example", ":tada:", "a{b|c}d", "",
)  # fmt: skip
nasty = st.sampled_from(NASTY) | st.text(alphabet="<>&!@#|*_~`\u202e\u200b\x1b\n ax:/", max_size=80) | st.text(max_size=60)


class Place(NamedTuple):
    """A channel, and what was said there: one text a message, with its key."""

    channel: Channel
    said: Callable[[], list[tuple[str, str]]]


@pytest.fixture
def double() -> Iterator[SlackDouble]:
    """A Slack of our own."""
    with SlackDouble(("#general", "#finops"), clock=NOW.timestamp) as made:
        yield made


def slack_at(double: SlackDouble, *, token: str = TOKEN, draw: bytes | None = None) -> Slack:
    """The Slack channel against the double, never waiting."""
    return Slack(SlackWeb(token, url=double.url, seconds=5), draw=lambda _: draw, pause=lambda _: None)


@pytest.fixture(params=["console", "slack"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Every channel that ships."""
    if request.param == "console":
        console = Console(file=tmp_path / "alerts.jsonl", stream=io.StringIO())
        return Place(console, lambda: [(one["key"], "\n".join(one["text"])) for one in console.said()])
    double: SlackDouble = request.getfixturevalue("double")
    messages = double.workspace.messages
    return Place(slack_at(double), lambda: [(one["metadata"]["event_payload"]["key"], json.dumps(one["blocks"])) for one in messages])


def notice(key: str = "incident:1:S2", *, answers: Receipt | None = None, edits: Receipt | None = None, **changes: object) -> Notice:
    """A notice like triage writes."""
    return Notice(key=key, payload={**PAYLOAD, **changes}, answers=answers, edits=edits)


def test_what_was_sent_is_found_by_its_key(place: Place) -> None:
    """A probe gives the receipt that the send gave; of another key it knows nothing."""
    assert place.channel.probe(notice(), NOW) is None
    receipt = place.channel.send(notice())
    assert place.channel.probe(notice(), NOW) == receipt
    assert place.channel.probe(notice("incident:2:S2"), NOW) is None


def test_a_receipt_is_plain_json(place: Place) -> None:
    """It is stored and hashed: text only."""
    assert all(isinstance(value, str) for value in place.channel.send(notice()).values())


def test_the_words_arrive(place: Place) -> None:
    """Title, sentence, cause with its dollars, what to do, and the command."""
    place.channel.send(notice())
    ((key, text),) = place.said()
    assert key == "incident:1:S2"
    for words in (
        "payments: 412.10 USD more than expected",
        "792.40 USD was expected",
        "255.50 USD, 62 %",
        "Look at what moved",
        "bursar costs",
    ):
        assert words in text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=nasty, sentence=nasty, scope=st.dictionaries(nasty, nasty, max_size=3), command=nasty, owner=nasty)
def test_strangers_words_are_inert(place: Place, title: str, sentence: str, scope: dict[str, str], command: str, owner: str) -> None:
    """No control, direction or invisible character passes; what is sent is accepted, whatever a tag says."""
    causes = [{"scope": scope, "share": "1", "excess": "1"}] * 3
    place.channel.send(notice(title=title, sentences=[sentence] * 9, causes=causes, command=command, owner=owner, do=[sentence]))
    _, text = place.said()[-1]
    shown = json.loads(f'"{text}"') if text.startswith('"') else text
    assert all(sign.isprintable() or sign == "\n" for sign in shown)


def marked_up(blocks: list[dict[str, Any]], text: str) -> list[str]:
    """Every `<…>` that Slack would read as a mention, link or command; and mrkdwn that could be markup."""
    found = re.findall(r"<[^>]*>?", text)
    for block in blocks:
        objects = [block.get("text"), *block.get("elements", [])]
        found += [match for one in objects if one for match in re.findall(r"<[^>]*>?|>", one["text"])]
        found += [one["text"] for one in objects if one and one["type"] == "mrkdwn" and not re.fullmatch(r"```\n[^`]*\n```", one["text"])]
        found += [one["text"] for one in objects if one and one["type"] == "plain_text" and one.get("emoji") is not False]
    return found


@pytest.mark.parametrize("words", NASTY)
def test_slack_reads_no_markup_in_strangers_words(double: SlackDouble, words: str) -> None:
    """Not a mention, link, picture or emoji comes of a tag's value, in any part of a message or its notification."""
    causes = [{"scope": {words: words}, "share": words, "excess": words, "currency": words}]
    slack_at(double, draw=PNG).send(
        notice(title=words, sentences=[words] * 40, causes=causes * 9, command=words, owner=words, do=[words] * 9, severity=words)
    )
    message = double.workspace.messages[-1]
    assert marked_up(message["blocks"], message["text"]) == []
    assert len(message["blocks"]) <= 50
    body = double.bodies[-1][1]
    assert (body["parse"], body["link_names"], body["unfurl_links"], body["unfurl_media"]) == ("none", False, False, False)


def test_a_console_repeats_after_a_crash_mid_line(tmp_path: Path) -> None:
    """A line cut short was not said; the next one starts on its own."""
    console = Console(file=tmp_path / "alerts.jsonl")
    console.send(notice("one"))
    with console.file.open("ab") as file:
        file.write(b'{"key": "two", "te')
    assert console.probe(notice("two"), NOW) is None
    console.send(notice("two"))
    assert [one["key"] for one in console.said()] == ["one", "two"]


def test_a_console_that_cannot_write_is_unavailable(tmp_path: Path) -> None:
    """Nothing is printed that is not kept."""
    stream = io.StringIO()
    with pytest.raises(Unavailable, match=r"cannot write alerts\.jsonl"):
        Console(file=tmp_path / "missing" / "alerts.jsonl", stream=stream).send(notice())
    assert stream.getvalue() == ""


def test_replies_stand_in_the_thread_and_are_found_there(double: SlackDouble) -> None:
    """History shows no replies: they are looked for in their thread."""
    slack = slack_at(double)
    root = slack.send(notice())
    reply = slack.send(notice("incident:1:S1", answers=root))
    assert double.workspace.messages[1]["thread_ts"] == root["ts"]
    assert slack.probe(notice("incident:1:S1", answers=root), NOW) == reply
    assert slack.probe(notice("incident:1:S1"), NOW) is None


def test_an_edit_changes_the_message_in_place(double: SlackDouble) -> None:
    """The same message with new words, still found by its first key; no second one, however often."""
    slack = slack_at(double)
    root = slack.send(notice())
    for _ in range(2):
        assert slack.send(notice("incident:1:S2:now:1", edits=root, title="settled")) == root
    assert [one["text"] for one in double.workspace.messages] == ["S2 settled"]
    assert slack.probe(notice(), NOW) == root
    assert slack.probe(notice("incident:1:S2:now:1", edits=root), NOW) is None


def test_the_picture_stands_in_the_message(double: SlackDouble) -> None:
    """Uploaded whole, read by Slack, shown by its id; the token stays with the API."""
    slack_at(double, draw=PNG).send(notice())
    (file,) = double.workspace.files.values()
    assert file["content"] == PNG
    (image,) = [block for block in double.workspace.messages[0]["blocks"] if block["type"] == "image"]
    assert image["slack_file"] == {"id": file["id"]}
    assert image["alt_text"] == PAYLOAD["title"]
    assert double.strangers == []


@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal", "files.info"])
def test_a_picture_that_fails_leaves_nothing_posted(double: SlackDouble, method: str) -> None:
    """Before the message exists, every failure is one that certainly did nothing."""
    double.fail(method, "500")
    with pytest.raises(Unavailable) as caught:
        slack_at(double, draw=PNG).send(notice())
    assert caught.value.untouched
    assert double.workspace.messages == []


def test_words_matter_more_than_a_picture(double: SlackDouble) -> None:
    """A picture that Slack will not show does not hold the alert back."""
    double.fail("chat.postMessage", "invalid_blocks")
    slack_at(double, draw=PNG).send(notice())
    assert [block["type"] for block in double.workspace.messages[0]["blocks"]].count("image") == 0


@pytest.mark.parametrize(
    ("fault", "untouched", "retry_after"),
    [("429:7", True, 7.0), ("429", True, None), ("ratelimited", True, None), ("500", False, None), ("html", False, None),
     ("reset", False, None), ("lost", False, None), ("bare", False, None), ("internal_error", False, None)],
)  # fmt: skip
def test_failures_of_the_other_side_are_worth_trying_again(
    double: SlackDouble, fault: str, untouched: bool, retry_after: float | None
) -> None:
    """Unavailable, with what Slack asked for, and certain of nothing that is not."""
    double.fail("chat.postMessage", fault)
    slack = slack_at(double)
    with pytest.raises(Unavailable) as caught:
        slack.send(notice())
    assert (caught.value.untouched, caught.value.retry_after) == (untouched, retry_after)
    found = slack.probe(notice(), NOW)
    assert (found is not None) == (fault in {"lost", "bare"})


@pytest.mark.parametrize("code", ["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope", "msg_too_long", "is_archived"])
def test_refusals_are_the_operators(double: SlackDouble, code: str) -> None:
    """What waiting will not mend is told with a cure."""
    double.fail("chat.postMessage", code)
    with pytest.raises(ConfigError, match=code) as caught:
        slack_at(double).send(notice())
    assert caught.value.cure


def test_a_wrong_token_and_a_strange_channel_are_told(double: SlackDouble) -> None:
    """As Slack itself says them."""
    with pytest.raises(ConfigError, match="invalid_auth"):
        slack_at(double, token=TOKEN[::-1]).send(notice())
    with pytest.raises(ConfigError, match="channel_not_found"):
        slack_at(double).send(notice(channel="#nowhere"))
    with pytest.raises(ConfigError, match="sees no channel #nowhere"):
        slack_at(double).probe(notice(channel="#nowhere"), NOW)
    with pytest.raises(ConfigError, match="names no channel"):
        slack_at(double).send(notice(channel=""))


def test_nobody_there_is_certainly_nothing_done() -> None:
    """No connection, no message."""
    with SlackDouble() as gone:
        address = gone.url
    with pytest.raises(Unavailable) as caught:
        Slack(SlackWeb(TOKEN, url=address, seconds=2)).send(notice())
    assert caught.value.untouched


def test_a_probe_reads_page_after_page(double: SlackDouble) -> None:
    """However much was said since, and in whichever channel the bot is in by name."""
    slack = slack_at(double)
    sought = slack.send(notice("incident:sought:S2"))
    for n in range(450):
        double.workspace.messages.append({"type": "message", "channel": sought["channel"], "ts": double.workspace.stamp(), "text": str(n)})
    assert slack.probe(notice("incident:sought:S2"), NOW + timedelta(hours=12)) == sought
    assert double.calls["conversations.history"] == 3


def test_a_message_before_the_attempt_is_not_looked_at(double: SlackDouble) -> None:
    """Only what was said since the attempt, clocks a day apart allowed for."""
    slack = slack_at(double)
    slack.send(notice())
    assert slack.probe(notice(), NOW + timedelta(hours=23))
    assert slack.probe(notice(), NOW + timedelta(hours=25)) is None


def test_a_listing_that_does_not_end_is_not_taken_for_nothing(double: SlackDouble) -> None:
    """Not found is said only when everything was read."""
    slack = slack_at(double)
    channel = slack.send(notice("sought"))["channel"]
    double.workspace.messages += [
        {"type": "message", "channel": channel, "ts": double.workspace.stamp(), "text": "x"} for _ in range(50 * 200)
    ]
    with pytest.raises(Unavailable, match="pages"):
        slack.probe(notice("sought"), NOW)


def test_a_message_has_a_minute(double: SlackDouble) -> None:
    """What takes too long ends before it is posted, so that nobody who takes over can meet it."""
    ticks = iter([0.0, 0.0, 10.0, 20.0, 30.0, 61.0, 62.0])
    web = SlackWeb(TOKEN, url=double.url, monotonic=lambda: next(ticks))
    with pytest.raises(Unavailable, match=r"took too long|does not end") as caught:
        Slack(web, draw=lambda _: PNG, pause=lambda _: None).send(notice())
    assert caught.value.untouched
    assert double.workspace.messages == []


@pytest.mark.parametrize("url", ["http://slack.example/api", "ftp://x/api", "slack.example"])
def test_the_token_goes_nowhere_in_the_clear(url: str) -> None:
    """An address that is neither https nor this machine is refused before anything is sent."""
    with pytest.raises(ConfigError, match="must be https"):
        SlackWeb(TOKEN, url=url)


FAULTS = ("429:7", "500", "reset", "lost", "invalid_auth", "internal_error", f"weird {TOKEN}")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["chat.postMessage", "files.getUploadURLExternal", "files.info", "conversations.history"])
def test_the_token_is_in_no_error_log_or_repr(double: SlackDouble, caplog: pytest.LogCaptureFixture, fault: str, method: str) -> None:
    """Whatever fails, at the most talkative level, with the traceback."""
    caplog.set_level(logging.DEBUG)
    double.fail(method, fault)
    slack = slack_at(double, draw=PNG)
    told = repr(slack)
    for act in (lambda: slack.send(notice()), lambda: slack.probe(notice(), NOW)):
        try:
            told += repr(act())
        except BursarError as error:
            told += f"{error}{error.cure}{error!r}" + "".join(traceback.format_exception(error))
    told += caplog.text
    assert TOKEN not in told
    assert "0000000000" not in told


SHAPES: Mapping[str, tuple[set[str], set[str]]] = {
    "chat.postMessage": ({"channel"}, {"ok", "channel", "ts", "message"}),
    "chat.update": ({"channel", "ts"}, {"ok", "channel", "ts", "text", "message"}),
    "conversations.history": ({"channel"}, {"ok", "messages", "has_more", "response_metadata"}),
    "conversations.replies": ({"channel", "ts"}, {"ok", "messages", "has_more", "response_metadata"}),
    "conversations.list": (set(), {"ok", "channels", "response_metadata"}),
    "files.getUploadURLExternal": ({"filename", "length"}, {"ok", "upload_url", "file_id"}),
    "files.completeUploadExternal": ({"files"}, {"ok", "files"}),
    "files.info": ({"file"}, {"ok", "file"}),
}
"""Of each method, from docs.slack.dev: the arguments it requires, and the fields of its answer that we may rely on."""


def test_the_double_answers_as_documented(double: SlackDouble) -> None:
    """Every method bursar calls is asked with its required arguments and answered with the documented fields, and no others."""
    answers: dict[str, set[str]] = {}
    call = double._call

    def heard(method: str, body: bytes, environ: Any) -> dict[str, Any]:  # noqa: ANN401 - as the double's
        told = call(method, body, environ)
        answers[method] = set(told)
        return told

    double._call = heard
    slack = slack_at(double, draw=PNG)
    root = slack.send(notice())
    slack.send(notice("e", edits=root))
    slack.send(notice("r", answers=root))
    slack.probe(notice(), NOW)
    slack.probe(notice("r", answers=root), NOW)
    assert answers == {method: fields for method, (_, fields) in SHAPES.items()}
    for method, arguments in double.bodies:
        assert SHAPES[method][0] <= set(arguments)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ([{"type": "divider"}] * 51, "invalid_blocks"),
        ([{"type": "section", "text": {"type": "plain_text", "text": "x" * 3001}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "image", "slack_file": {"id": "F404"}, "alt_text": "x"}], "invalid_blocks"),
        ([{"type": "invented"}], "invalid_blocks"),
        ([], "no_text"),
    ],
)
def test_the_double_is_no_more_lenient_than_slack(double: SlackDouble, blocks: list[dict[str, Any]], code: str) -> None:
    """Beyond a limit it says what Slack says."""
    web = SlackWeb(TOKEN, url=double.url)
    with pytest.raises(ConfigError, match=code):
        web.write("chat.postMessage", {"channel": "#finops", "blocks": blocks}, again=False)


def test_the_double_takes_forms_where_slack_does(double: SlackDouble) -> None:
    """Reading methods take no JSON, changing a message takes no name, and metadata is shown only when asked for."""
    web = SlackWeb(TOKEN, url=double.url)
    receipt = slack_at(double).send(notice())
    with pytest.raises(ConfigError, match="invalid_arguments"):
        web.write("conversations.history", {"channel": receipt["channel"]}, again=True)
    with pytest.raises(ConfigError, match="channel_not_found"):
        web.write("chat.update", {"channel": "#finops", "ts": receipt["ts"], "text": "x"}, again=True)
    with pytest.raises(ConfigError, match="channel_not_found"):
        web.read("conversations.history", {"channel": "#finops"})
    with pytest.raises(ConfigError, match="unknown_method"):
        web.read("chat.invented", {})
    told = web.read("conversations.history", {"channel": str(receipt["channel"])})
    assert '"event_payload"' not in json.dumps(told)
