"""A 25 % spike reaches its owner in Slack while it matters: the export lands, the worker runs, Slack is not well, one message is there."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from planned_changes import binary

from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from tests.acceptance.conftest import COMMAND, House, environment

SIMULATE = ("-q", "simulate", "--clouds", "aws", "--organisations", "1", "--from", "2025-01", "--months", "2", "--rows", "5000")
CONFIG = """
version: 1
opa: {{binary: {opa}}}
sources: [{{name: bills, uri: "file://{drop}"}}]
owners: {{ml: {{slack: "#ml-cost"}}, search: {{slack: "#search-cost"}}}}
channels: {{slack: {{token: "{token}", default: "#finops", url: "{url}"}}}}
schedule: {{poll_seconds: 1}}
"""
PATIENCE_SECONDS = 120


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    """A Slack that first says 429, then 500."""
    with SlackDouble(("#finops", "#ml-cost", "#search-cost")) as double:
        double.fail("chat.postMessage", "429:1", "500")
        yield double


@pytest.fixture
def house(tmp_path: Path, slack: SlackDouble) -> House:
    """A project that watches an empty folder."""
    (tmp_path / "drop").mkdir()
    (tmp_path / "bursar.yaml").write_text(CONFIG.format(opa=binary(), drop=tmp_path / "drop", token=TOKEN, url=slack.url))
    return House(project=tmp_path)


@contextmanager
def worker(house: House) -> Iterator[subprocess.Popen[str]]:
    """`bursar run`, until it is interrupted as a person would."""
    with subprocess.Popen(
        [COMMAND, "run"], cwd=house.project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[0]
    assert "Traceback" not in said, said
    assert process.returncode == 130, said


def land(house: House, name: str, *more: str) -> None:
    """An export appears in the watched folder, whole."""
    house.run(*SIMULATE, "--out", name, *more)
    (house.project / name).rename(house.project / "drop" / name)


def until(true: Callable[[], object]) -> None:
    """Wait for something, a while at most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert true()


def firsts(slack: SlackDouble, service: str) -> list[dict[str, Any]]:
    """The messages, not replies, that speak of a service."""
    return [one for one in slack.workspace.messages if service in json.dumps(one["blocks"]) and not one.get("thread_ts")]


def replies(slack: SlackDouble, service: str) -> list[str]:
    """What the threads of a service's messages say."""
    threads = {one["ts"] for one in firsts(slack, service)}
    return [json.dumps(one["blocks"]) for one in slack.workspace.messages if one.get("thread_ts") in threads]


def test_a_25_percent_spike_reaches_slack_once(house: House, slack: SlackDouble) -> None:
    """Its day lands, and its team's channel holds one message: what, why, whose, what to do. Later, the plan that ends another one."""
    house.run(*SIMULATE, "--out", "whole")
    spike = next(one for one in json.loads((house.project / "whole" / "truth.json").read_text())["events"] if one["kind"] == "spike")
    day = date.fromisoformat(spike["first_day"])
    with worker(house):
        land(house, "so-far", "--as-of", str(day + timedelta(days=1)))
        until(lambda: firsts(slack, spike["service"]))
        land(house, "later")
        until(lambda: replies(slack, "reindex"))
    (message,) = firsts(slack, spike["service"])
    assert slack.calls["chat.postMessage"] > len(slack.workspace.messages)
    assert max(slack.keys().values()) == 1
    assert message["channel"] == slack.workspace.channels["ml-cost"]
    holds(house, message, spike)
    assert "A plan would end it: bursar plans show" in replies(slack, "reindex")[0]
    assert house.run("audit", "verify").code == 0


def holds(house: House, message: dict[str, Any], spike: dict[str, Any]) -> None:
    """Expected and actual in words and as a picture, three causes in money, severity, what to do, and a command that gives the number."""
    text = "\n".join(block["text"]["text"] if "text" in block else json.dumps(block) for block in message["blocks"])
    actual = Decimal(spike["days"][spike["first_day"]]["actual"]).quantize(Decimal("0.01"))
    assert f"it cost {actual:,} USD" in text
    assert "was expected" in text
    assert "image" in {block["type"] for block in message["blocks"]}
    assert [f"{n}. " in text for n in (1, 2, 3)] == [True, True, True]
    assert "S2: at least $250." in text
    assert "bursar anomalies feedback" in text
    (command,) = [line for line in text.splitlines() if line.startswith("bursar costs")]
    rows = house.run(*shlex.split(command)[1:], "--format", "json").json["rows"]
    assert [Decimal(row["value"]).quantize(Decimal("0.01")) for row in rows if row["start"] == spike["first_day"]] == [actual]
