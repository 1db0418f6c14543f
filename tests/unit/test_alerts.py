"""From an incident's row to the message somebody reads: triage, the outbox's worker and the channels, wired as the house wires them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bursar import bootstrap
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from bursar.config import Config
from bursar.operations.audit import verify
from bursar.store.delivery import Delivered, Worker
from tests.unit.triage.conftest import NOW, OWNERS, Desk


@pytest.fixture
def double() -> Iterator[SlackDouble]:
    """A workspace with the channels of the configuration."""
    with SlackDouble(("#finops", "#payments-cost")) as made:
        yield made


def desk_of(tmp_path: Path, channels: dict[str, Any]) -> tuple[Desk, bootstrap.Bursar]:
    """A house in a state folder, and a desk that writes its incidents."""
    config = Config.model_validate({"owners": OWNERS, "channels": channels}).model_copy(update={"home": tmp_path})
    app = bootstrap.wire(config, clock=lambda: NOW)
    return Desk(app.store, config), app


def test_an_incident_becomes_one_message_with_its_picture(tmp_path: Path, double: SlackDouble) -> None:
    """Posted once to its owner, changed in place, answered when worse, every step proven by the journal, whatever Slack does meanwhile."""
    desk, app = desk_of(tmp_path, {"slack": {"token": TOKEN, "default": "#finops", "url": double.url}})
    now = [NOW]
    worker = Worker(store=app.store, channels=bootstrap.channels(app.config), clock=lambda: now[0], random=lambda: 0.0)
    double.fail("chat.postMessage", "429:7", "500", "lost")
    desk.incident()
    desk.tell()
    for wanted in [Delivered(postponed=1)] * 3 + [Delivered(adopted=1)]:
        assert worker.deliver() == wanted
        now[0] += timedelta(hours=1)
    desk.incident(severity="S1", actual="2004.5", excess="1212.1")
    desk.tell()
    assert worker.deliver() == Delivered(sent=2)
    root, reply = double.workspace.messages
    assert root["channel"] == reply["channel"] == double.workspace.channels["payments-cost"]
    assert reply["thread_ts"] == root["ts"]
    assert root["text"] == "S1 payments / checkout: 1,212.10 USD more than expected"
    assert [block["type"] for block in root["blocks"]] == ["header", "section", "image", "section", "section", "section", "context"]
    assert double.calls["files.getUploadURLExternal"] == 1
    assert verify(app.store).flaws == ()
    app.store.dispose()


def test_without_slack_the_console_says_it(tmp_path: Path) -> None:
    """With nothing configured an alert is on the console and in its file, once."""
    desk, app = desk_of(tmp_path, {})
    stream = io.StringIO()
    desk.incident()
    desk.alert()
    desk.tell()
    assert bootstrap.messenger(app, stream=stream).deliver() == Delivered(sent=2)
    assert bootstrap.messenger(app, stream=stream).deliver() == Delivered()
    assert stream.getvalue().count("payments / checkout: 412.10 USD more than expected") == 1
    assert "$ bursar costs --granularity day" in stream.getvalue()
    assert (tmp_path / "alerts.jsonl").read_text("utf-8").count("\n") == 2
    app.store.dispose()


def test_the_worker_goes_by_the_databases_clock_unless_the_house_has_its_own(tmp_path: Path) -> None:
    """A demo that plays in another month delivers in it."""
    _, app = desk_of(tmp_path, {})
    clock = bootstrap.messenger(app).clock
    assert clock
    assert clock() == NOW < datetime.now(UTC) + timedelta(days=10**4)
    assert bootstrap.messenger(bootstrap.wire(app.config)).clock is None
    app.store.dispose()
