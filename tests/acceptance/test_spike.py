"""A 25 % spike reaches its owner in Slack, within the promised minutes, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bursar import bootstrap
from bursar.adapters.channels.slack_double import TOKEN, SlackDouble
from bursar.bootstrap import open_rounds, wire
from bursar.config import load
from bursar.loop import Bursar
from bursar.operations.rounds import Pass, Rounds
from bursar.query.export import export_focus

CONFIG = """
version: 1
sources: [{{name: bills, uri: "file://{drop}"}}]
owners: {{ml: {{slack: "#ml-cost"}}}}
channels: {{slack: {{token: "{token}", default: "#finops", url: "{url}"}}}}
"""


class Clock:
    """A clock that is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The moment it is set to."""
        return self.now


def house(folder: Path, clock: Clock) -> Bursar:
    """A house over a project folder."""
    return wire(load(path=folder / "bursar.yaml", home=folder / "state", environment={}), clock=clock)


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Two months of the simulated AWS bill as one FOCUS file, and the spike planted in it."""
    folder = tmp_path_factory.mktemp("bill")
    bootstrap.simulate(folder / "sim", clouds=("aws",))
    (folder / "bursar.yaml").write_text("version: 1\n")
    app = house(folder, Clock(datetime(2026, 11, 20, tzinfo=UTC)))
    app.ingest([folder / "sim" / "aws" / "cur2"])
    head = app.lake.head()
    assert head
    export_focus(folder / "all.parquet", version="1.4", generation=head, warehouse=app.warehouse)
    events = json.loads((folder / "sim" / "truth.json").read_text())["events"]
    return folder / "all.parquet", next(one for one in events if one["kind"] == "spike")


@pytest.fixture
def slack() -> Iterator[SlackDouble]:
    """A Slack that first says 429, then 500."""
    with SlackDouble(("#finops", "#ml-cost")) as double:
        double.fail("chat.postMessage", "429:1", "500")
        yield double


def test_a_spike_reaches_its_owner_in_slack_once(bill: tuple[Path, dict[str, Any]], slack: SlackDouble, tmp_path: Path) -> None:
    """The export that holds the spike lands; within fifteen minutes its team's channel holds one message with the money in it."""
    whole, spike = bill
    drop = tmp_path / "drop"
    drop.mkdir()
    (tmp_path / "bursar.yaml").write_text(CONFIG.format(drop=drop, token=TOKEN, url=slack.url))
    day = date.fromisoformat(spike["first_day"])
    clock = Clock(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))
    app = house(tmp_path, clock)
    rounds = open_rounds(app)
    deliver(whole, drop, until=day)
    quiet = rounds.once()
    assert not mine(slack, spike)

    clock.now += timedelta(days=4)
    deliver(whole, drop, until=day + timedelta(days=1))
    landed = clock.now
    passes = [rounds.once()]
    while slack.keys().total() == 0 and len(passes) < 20:
        clock.now += timedelta(minutes=1)
        passes.append(rounds.once())
    assert clock.now - landed <= timedelta(minutes=15), passes
    assert quiet.generation != passes[0].generation
    said = mine(slack, spike)
    assert len(said) == 1, said
    again(rounds, clock)
    assert mine(slack, spike) == said
    assert max(slack.keys().values()) == 1


def again(rounds: Rounds, clock: Clock) -> Pass:
    """A pass that has nothing new to say."""
    clock.now += timedelta(minutes=5)
    return rounds.once()


def deliver(whole: Path, drop: Path, *, until: date) -> None:
    """The bill as exported when the day `until` had begun."""
    for month in ("2026-09", "2026-10"):
        duckdb.sql(
            f"COPY (FROM read_parquet('{whole}') WHERE ChargePeriodStart < DATE '{until}' AND strftime(BillingPeriodStart, '%Y-%m') = '{month}') "
            f"TO '{drop / f'{month}.parquet'}' (FORMAT parquet)"
        )


def mine(slack: SlackDouble, spike: dict[str, Any]) -> list[str]:
    """The messages that name the service of the spike."""
    texts = [json.dumps(message) for message in slack.workspace.messages if "metadata" in message]
    return [text for text in texts if spike["service"] in text]
