"""Bad input from bill to message, decision and change: refused or told by name, nothing lost, nothing said or changed twice.

Proven elsewhere, end to end already:

- a malformed plan, and one of an unknown format version: test_gate.py;
- a tag's value in every part of a message, and in a comment: contract/test_channels.py, unit/surfaces/gating/test_forms.py;
- two workers of one outbox, a clock that goes back or leaps ahead under them, and a death at every step, on SQLite and
  PostgreSQL: contract/test_outbox.py, contract/test_outbox_machine.py, contract/test_kill_points.py;
- approvals and the day's limits under a clock that went back: unit/actions/test_guards.py, its state machine; two workers that
  look at one budget, on both databases: contract/test_budget_alerts.py;
- every edited column, byte, gap and order of the journal: unit/store/test_journal.py, unit/operations/test_audit.py;
- a policy that loops, under the engine's own port: contract/test_policy_engine.py; exceptions and budgets one mistake at a
  time: unit/exception_registry, unit/policies.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from planned_changes import TAGS, plan, resource, written

from bursar.adapters.channels.slack import Slack
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from bursar.adapters.channels.slack_web import SlackWeb
from bursar.operations.audit import verify
from bursar.store.database import open_store, sqlite_url
from bursar.store.delivery import Worker
from tests.acceptance.conftest import once
from tests.acceptance.spiked import HOSTILE, LATER, NOW, SPIKE, Spiked, deliver

NOBODY = "http://127.0.0.1:9/api"
STEERING = "\x1b\x07\x00\u202e\u202c\u200b"


@pytest.fixture(scope="session")
def quiet(session_folder: Path) -> Spiked:
    """Published up to the day before the spike; the export that holds it lies in the watched folder. Made once a run."""
    house = Spiked(project=session_folder / "quiet")
    with once(session_folder, "quiet") as place:
        if place:
            deliver(place / "drop", until=SPIKE - timedelta(days=1))
            house.configure()
            house.at(f"{SPIKE}T06:00:00+00:00", "ingest", "drop")
            house.at(f"{SPIKE}T06:00:00+00:00", "detect")
            deliver(place / "drop", until=SPIKE)
    return house


@pytest.fixture(scope="session")
def spiked(quiet: Spiked, session_folder: Path) -> Spiked:
    """The spike is published and scored, and nobody was told. Made once a run."""
    house = Spiked(project=session_folder / "spiked")
    with once(session_folder, "spiked") as place:
        if place:
            quiet.copy(place)
            house.at(NOW, "ingest", "drop")
            house.at(NOW, "detect")
    return house


@pytest.fixture(scope="session")
def unsent(spiked: Spiked, session_folder: Path) -> Spiked:
    """The message was asked for, and nobody was at Slack's address. Made once a run."""
    house = Spiked(project=session_folder / "unsent")
    with once(session_folder, "unsent") as place:
        if place:
            spiked.copy(place)
            house.configure(slack=NOBODY)
            assert "1 put off" in house.at(NOW, "run", "--once").out
    return house


@pytest.fixture
def house(spiked: Spiked, tmp_path: Path) -> Spiked:
    """A copy of the house in which somebody must be told."""
    return spiked.copy(tmp_path / "house")


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    """A Slack, at the moment the tests play in."""
    with SlackDouble(("#finops",), clock=datetime.fromisoformat(NOW).timestamp) as double:
        yield double


def posted(slack: SlackDouble) -> list[dict[str, Any]]:
    """Every message of ours."""
    return [message for message in slack.workspace.messages if "metadata" in message]


def rows(house: Spiked, query: str) -> list[tuple[Any, ...]]:
    """What the house's database holds."""
    with sqlite3.connect(house.home / "bursar.sqlite") as database:
        return database.execute(query).fetchall()


def generation(house: Spiked) -> int:
    """The generation readers see."""
    return int(rows(house, "SELECT n FROM generation_head")[0][0])


def is_whole(house: Spiked, *, sent: int) -> None:
    """The journal is the one that was written, so many messages are proven by it, and none is left."""
    store = open_store(sqlite_url(house.home / "bursar.sqlite"))
    told = verify(store)
    store.dispose()
    assert (told.flaws, told.sent) == ((), sent)
    assert rows(house, "SELECT count(*) FROM outbox WHERE state != 'done'") == [(0,)]


def test_a_hostile_tag_is_text_in_slack(house: Spiked, slack: SlackDouble) -> None:
    """From the bill's tag to the message: no mention, link, markup, control or direction sign, and still the owner's name."""
    assert any(sign in str(rows(house, "SELECT scope FROM incident")) for sign in ("\\u001b", "\\x1b"))
    house.configure(slack=slack.url)
    house.at(NOW, "-q", "run", "--once")
    (message,) = posted(slack)
    texts = [message["text"], *_texts(message["blocks"])]
    assert any("!channel" in text for text in texts)
    assert not [text for text in texts if "<" in text or ">" in text]
    assert not [text for text in texts if set(text) & set(STEERING)]
    kinds = [part["type"] for part in _objects(message["blocks"]) if "emoji" in part or part["type"] in {"plain_text", "mrkdwn"}]
    assert kinds.count("mrkdwn") == 1


def _objects(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield from (one for one in (block.get("text"), *block.get("elements", [])) if one)


def _texts(blocks: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in _objects(blocks)] + [block["alt_text"] for block in blocks if block["type"] == "image"]


def test_a_hostile_tag_and_file_name_do_not_steer_a_terminal(house: Spiked) -> None:
    """Whichever verb shows them, a terminal receives our own colours and nothing else that it would obey."""
    (house.project / "drop" / "bad\x1b]0;own\x07\u202e.csv").write_text("alpha,beta\n1,2\n")
    incident = rows(house, "SELECT id FROM incident")[0][0]
    verbs = [
        ["run", "--once"],
        ["ingest", "drop"],
        ["costs", "--filter", f"team = '{HOSTILE}' AND nothing = 1"],
        ["anomalies", "show", incident],
        ["costs", "--group-by", "team"],
        ["doctor"],
    ]
    shown = {}
    for words in verbs:
        seen = house.on_a_terminal(*words)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", seen)
        assert not [sign for sign in plain if not sign.isprintable() and sign not in "\r\n"], (words, seen)
        shown[words[0]] = plain
    assert all("!channel" in shown[verb] for verb in ("anomalies", "costs"))
    assert all("own.csv" in shown[verb] for verb in ("run", "ingest"))


class Elements(HTMLParser):
    """Every element of a page with its attributes, and what stands in a script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))


def test_a_hostile_tag_is_text_on_every_page(house: Spiked) -> None:
    """No element, address or direction of it comes to be, on any page that shows it."""
    incident = rows(house, "SELECT id FROM incident")[0][0]
    with house.served() as address:
        for path in ("/", "/anomalies", f"/anomalies/{incident}", "/explore?group_by=team&window=2025-03", "/health"):
            text = httpx2.get(f"{address}{path}", timeout=60).raise_for_status().text
            elements = Elements(text).found
            assert not [one for tag, one in elements if tag == "script" and not (one.get("src") or "json" in str(one.get("type")))], path
            outside = [urlsplit(str(one[name])).netloc for _, one in elements for name in ("href", "src", "action") if one.get(name)]
            assert set(outside) <= {""}, path
            assert not set(text) & set(STEERING), path
            assert path == "/health" or "!channel" in text, path


def test_a_hostile_tag_is_a_code_span_in_the_comment(house: Spiked) -> None:
    """In the gate's Markdown a tag, an address and a reason stand in code; in its table they do not steer the terminal."""
    house.configure(more="owners: {core: {}}\n")
    change = plan(resource(f'aws_instance.a["{HOSTILE}"]', tags={**TAGS, "team": HOSTILE}))
    written(house.project / "plan.json", change)
    comment = house.at(NOW, "gate", "plan.json", "--format", "markdown", code=1).out
    outside = re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", comment)
    assert "!channel" in comment
    assert not re.search(r"<(?!!-- bursar|sub>|/sub>)|@|\]\(|https?:", outside)
    assert not set(comment) & set(STEERING)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", house.on_a_terminal("gate", "plan.json"))
    assert not [sign for sign in shown if not sign.isprintable() and sign not in "\r\n"]


BUDGET = "- {id: nobodys, scope: \"team = 'nobody'\", currency: USD, amounts: {default: 5000}}\n"


def test_a_budget_without_a_matching_scope_is_told(house: Spiked, slack: SlackDouble) -> None:
    """It alarms nobody, is named where budgets are read and where a change is judged, and the pass goes on."""
    house.configure(slack=slack.url)
    (house.project / "budgets.yaml").write_text(f"budgets:\n{BUDGET}")
    house.at(NOW, "run", "--once")
    assert len(posted(slack)) == 1
    assert "nobodys: " in house.at(NOW, "budgets", "status").err
    written(house.project / "plan.json", plan(resource(tags=TAGS)))
    said = house.at(NOW, "gate", "plan.json", "--format", "json", code=1).json
    assert "BRS-BUD-003" in {one["id"] for one in said["violations"]}


def test_an_exception_without_an_end_excuses_nothing(house: Spiked, slack: SlackDouble) -> None:
    """The alert goes out, the change is denied, and both the list and the gate say what is wrong with it."""
    entry = {"resource": "*", "owner": "core", "approver": "ana", "reason": "for ever", "created": "2025-03-01"}
    entries = [{"id": f"endless-{n}", "rule": rule, **entry} for n, rule in enumerate(("BRS-ANO-001", "BRS-TAG-001"))]
    (house.project / "exceptions.yaml").write_text(json.dumps({"exceptions": entries}))
    house.configure(slack=slack.url)
    house.at(NOW, "run", "--once")
    assert len(posted(slack)) == 1
    written(house.project / "plan.json", plan(resource(tags=None)))
    gate = house.at(NOW, "gate", "plan.json", code=1)
    listed = house.at(NOW, "exceptions", "list")
    for told in (gate.err, listed.out + listed.err):
        assert "endless-1" in told
        assert "expires" in told


LOOP = f"""# METADATA
# scope: package
# title: Does not end
# custom:
#   id: ACME-X-001
#   severity: low
package bursar.rules.acme.mine

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains about if {{
	input.now_ns == {int(datetime.fromisoformat(NOW).timestamp())}000000000
	some i in numbers.range(1, 20000)
	some j in numbers.range(1, 20000)
	i * j == -1
}}
"""
"""It ends for any other moment: for the question an engine is tried with."""


def test_a_policy_that_loops_blocks_and_is_gone(house: Spiked) -> None:
    """At the deadline the gate has not decided: exit 2, by name, and no engine runs on."""
    (house.project / "policies").mkdir()
    (house.project / "policies" / "loop.rego").write_text(LOOP)
    text = (house.project / "bursar.yaml").read_text()
    (house.project / "bursar.yaml").write_text(text.replace("opa: {", "opa: {seconds: 0.5, "))
    written(house.project / "plan.json", plan(resource(tags=TAGS)))
    said = house.at(NOW, "gate", "plan.json", "--format", "json", code=2).json
    assert (said["decision"], said["reason"].partition(":")[0]) == ("undecided", "engine.unavailable")
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(house.home / "run") not in running


def test_nobody_at_slacks_address_loses_no_message(unsent: Spiked, slack: SlackDouble, tmp_path: Path) -> None:
    """Connection refused: the pass ends well, the message waits by name, and goes once somebody is there."""
    house = unsent.copy(tmp_path / "house")
    assert "no connection to Slack" in house.at(NOW, "outbox", "list").out
    house.configure(slack=slack.url)
    house.at(LATER, "run", "--once")
    assert list(slack.keys().values()) == [1]
    is_whole(house, sent=1)


LIES = {
    "ok false, its fault": ("internal_error",),
    "ok false, whatever was asked": ("fatal_error", "request_timeout", "service_unavailable"),
    "a page": ("html", "500"),
    "ok without ts, though it is there": ("bare",),
    "accepted, the answer lost": ("lost", "", "lost"),
    "limits without saying how long": ("429", "429", "ratelimited"),
    "hangs, and accepts after all": ("late:0.6",),
    "everything in turn": ("reset", "429", "html", "late:0.6"),
}


@pytest.mark.parametrize("faults", LIES.values(), ids=LIES)
def test_a_lying_slack_gets_one_message(unsent: Spiked, slack: SlackDouble, faults: tuple[str, ...], tmp_path: Path) -> None:
    """Whatever it answers, however often it is asked, the message is there once and its receipt is in the journal."""
    house = unsent.copy(tmp_path / "house")
    slack.fail("chat.postMessage", *faults)
    clock = [datetime.fromisoformat(LATER)]
    store = open_store(sqlite_url(house.home / "bursar.sqlite"))
    channel = Slack(SlackWeb(TOKEN, url=slack.url, seconds=0.3))
    worker = Worker(store=store, channels={"slack": channel}, clock=lambda: clock[0])
    done = 0
    for _ in range(12):
        told = worker.deliver()
        done += told.sent + told.adopted
        clock[0] += timedelta(hours=1)
    store.dispose()
    assert (done, list(slack.keys().values())) == (1, [1])
    is_whole(house, sent=1)


def test_what_slack_refuses_is_told_and_sent_once_mended(house: Spiked, slack: SlackDouble) -> None:
    """A wrong token is the operator's: the message is given up by name with a cure, and a retry sends it once."""
    house.configure(slack=slack.url)
    slack.fail("chat.postMessage", "invalid_auth")
    assert "1 given up" in house.at(NOW, "run", "--once").out
    ((key, error),) = rows(house, "SELECT key, error FROM outbox")
    assert "channels.slack.token" in error
    house.at(LATER, "outbox", "retry", key)
    house.at(LATER, "run", "--once")
    assert list(slack.keys().values()) == [1]


@pytest.mark.parametrize("full", ["flip", "sent"])
def test_a_full_disk_publishes_nothing_half_and_says_nothing_twice(
    quiet: Spiked, spiked: Spiked, slack: SlackDouble, full: str, tmp_path: Path
) -> None:
    """At the flip: the earlier generation stands; as a receipt is written: the message is looked up. The next pass goes through."""
    house = (quiet if full == "flip" else spiked).copy(tmp_path / "house")
    house.configure(slack=slack.url)
    said = house.at(NOW, "run", "--once", full=full, code=4)
    assert "the operational database failed" in said.err
    assert "Cure" in said.err
    assert (generation(house), len(posted(slack))) == ((1, 0) if full == "flip" else (2, 1))
    house.at(LATER, "run", "--once")
    if full == "sent":  # its sender's lease ran out; a silence follows before it is looked up
        house.at("2025-03-18T08:00:00+00:00", "run", "--once")
    assert generation(house) == 2
    assert list(slack.keys().values()) == [1]
    is_whole(house, sent=1)


def test_two_workers_at_once_are_one(quiet: Spiked, slack: SlackDouble, tmp_path: Path) -> None:
    """Two processes meet on the same delivery: one generation, one incident, one message, a whole journal."""
    house = quiet.copy(tmp_path / "house")
    house.configure(slack=slack.url)
    slack.fail("chat.postMessage", "lost")
    argv = house.words("run", "--once")
    both = [subprocess.Popen(argv, cwd=house.project, env=house.environment(), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], told
    assert "Traceback" not in "".join(told)
    house.at(LATER, "run", "--once")
    assert generation(house) == 2
    assert rows(house, "SELECT count(*) FROM incident") == [(1,)]
    assert list(slack.keys().values()) == [1]
    is_whole(house, sent=1)


def test_a_clock_that_jumps_back_says_nothing_again(house: Spiked, slack: SlackDouble) -> None:
    """Days earlier, and at the right time again: what arrived is published, no message goes twice, the chain is whole."""
    house.configure(slack=slack.url)
    house.at(NOW, "run", "--once")
    assert list(slack.keys().values()) == [1]
    deliver(house.project / "drop", until=SPIKE + timedelta(days=1))
    for moment in ("2025-03-14T06:00:00+00:00", "2025-03-20T06:00:00+00:00"):
        house.at(moment, "run", "--once")
    assert generation(house) == 3
    assert list(slack.keys().values()) == [1]
    assert rows(house, "SELECT onset FROM incident") == [(str(SPIKE),)]
    is_whole(house, sent=len(rows(house, "SELECT key FROM outbox")))


def test_a_journal_row_edited_by_hand_is_named(house: Spiked) -> None:
    """Whoever gets past the triggers is found: exit 1 and the row's number."""
    house.at(NOW, "run", "--once")
    is_whole(house, sent=1)
    with sqlite3.connect(house.home / "bursar.sqlite") as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 2")
    with sqlite3.connect(house.home / "bursar.sqlite") as database:
        database.execute("DROP TRIGGER journal_no_update")
        database.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 2")
    assert "journal 2" in house.at(NOW, "audit", "verify", code=1).out
