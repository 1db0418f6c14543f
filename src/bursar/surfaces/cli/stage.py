"""Where the demo's story is told: its folders, its house, its Slack, and how a step looks."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from bursar.surfaces.cli.render import amount

if TYPE_CHECKING:
    from bursar.loop import Bursar
    from bursar.operations.rounds import Rounds

FIRST, LAST = "2026-09", "2026-10"
MORNING, LATER = datetime(2026, 10, 17, 17, tzinfo=UTC), datetime(2026, 11, 12, 9, tzinfo=UTC)
"""When the story begins, once that day's exports are there, and when the month is closed."""
ROWS = 8_000
TEAMS = ("data", "ml", "payments", "platform", "search", "web")
CHANNELS = ("#finops", *(f"#{team}-cost" for team in TEAMS))
BUDGETS = """budgets:
  - {id: estate, scope: "provider IN ('aws', 'gcp', 'azure')", currency: USD, amounts: {default: 210000}}
  - id: payments
    parent: estate
    owner: payments
    scope: "team = 'payments'"
    currency: USD
    amounts: {default: 25000}
    gate: {mode: soft, p_breach: 0.5}
  - {id: ml, parent: estate, owner: ml, scope: "team = 'ml'", currency: USD, amounts: {default: 80000}}
  - {id: search-quarter, owner: search, scope: "team = 'search'", currency: USD, period: quarterly, amounts: {default: 90000}}
"""


class StoryClock:
    """The story's time: set to a moment, it goes on as time does, and is never later than it really is."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        """From now on it is this moment."""
        self._moment, self._since = moment, time.monotonic()

    def __call__(self) -> datetime:
        """The moment it is, to the second."""
        return min(self._moment + timedelta(seconds=int(time.monotonic() - self._since)), datetime.now(UTC).replace(microsecond=0))


class Slack(Protocol):
    """What the story needs of the Slack that listens on this machine."""

    token: str
    workspace: Any

    @property
    def url(self) -> str:
        """The API's address."""
        ...

    def fail(self, method: str, *faults: str) -> None:
        """How the next calls of a method end."""
        ...


@dataclass(slots=True)
class Stage:
    """The folders of the story, the house it plays in, and the number of the last step."""

    bills: Path
    early: Path
    project: Path
    slack: Slack
    clock: StoryClock
    app: "Bursar"
    rounds: "Rounds"
    number: int = 0

    @classmethod
    def set(cls, folder: Path, slack: Slack) -> "Stage":
        """A project as `bursar init` writes it, that watches a folder of bills."""
        from bursar import bootstrap
        from bursar.operations.project import write_project

        project, bills = folder / "project", folder / "bills"
        write_project(project)
        owners = "".join(f'\n  {team}: {{slack: "#{team}-cost"}}' for team in TEAMS)
        channels = f'{{slack: {{token: "{slack.token}", default: "#finops", url: "{slack.url}"}}}}'
        settings = {"sources: []": f'sources: [{{name: bills, uri: "file://{bills}"}}]', "owners: {}": f"owners:{owners}"}
        settings["channels: {}"] = f"channels: {channels}"
        told = (project / "bursar.yaml").read_text("utf-8")
        for usual, ours in settings.items():
            told = told.replace(usual, ours)
        (project / "bursar.yaml").write_text(told, "utf-8")
        (project / "budgets.yaml").write_text(BUDGETS, "utf-8")
        clock = StoryClock(MORNING)
        app = bootstrap.open_bursar(bootstrap.Options(config=project / "bursar.yaml", home=folder / "state"), clock=clock)
        early, rounds = folder / "october", bootstrap.open_rounds(app)
        return cls(bills=bills, early=early, project=project, slack=slack, clock=clock, app=app, rounds=rounds)

    @contextmanager
    def step(self, title: str, command: str) -> "Generator[None]":
        """A step: its title, the command that does the same, and how long it took."""
        self.number += 1
        click.echo(f"\n{click.style(f'{self.number}. {title}', bold=True)}")
        click.echo(click.style(f"   $ {command}", fg="cyan"))
        began = time.monotonic()
        yield
        click.echo(click.style(f"   {time.monotonic() - began:.1f} s", dim=True))


def signed(value: Decimal) -> str:
    """An amount with its sign."""
    return f"+{amount(value)}" if value > 0 else amount(value)
