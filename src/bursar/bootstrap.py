"""Config → a wired Bursar. The only importer of adapters; nothing connects at import."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bursar.acting import Acting
from bursar.adapters.clouds.simulated.control import SimulatedEstate
from bursar.adapters.warehouses.duckdb import Box, DuckDBWarehouse
from bursar.allocation.build import MartBuilder
from bursar.config import HOME, Config, load
from bursar.domain.errors import ConfigError
from bursar.lake.generations import Lake
from bursar.loop import Bursar
from bursar.ports import Channel, Clock, Progress
from bursar.store.database import open_store, sqlite_url
from bursar.store.delivery import Worker

if TYPE_CHECKING:
    from bursar.adapters.channels.slack_double import SlackDouble
    from bursar.adapters.engines.opa import Opa
    from bursar.anomaly.scopes import Wanted
    from bursar.operations.rounds import Rounds
    from bursar.policies.gate import Gate

ESTATE = "estate.sqlite"
"""The simulated control planes, in the state folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says for every verb."""

    config: Path | None = None
    home: Path | None = None
    progress: Progress = lambda _: None


def open_bursar(options: Options, *, clock: Clock | None = None) -> Bursar:
    """The house over the configuration and state folder that count here. Creates the state folder when it is not there."""
    return wire(load(path=options.config, home=options.home), progress=options.progress, clock=clock)


def wire(config: Config, *, progress: Progress | None = None, clock: Clock | None = None) -> Bursar:
    """The house over a configuration."""
    home = config.home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"no state folder at {home}: {error.strerror}", cure="Choose another with --home.") from error
    store = open_store(config.store.url.get_secret_value() or sqlite_url(home / "bursar.sqlite"))
    box = Box(
        memory=config.box.memory,
        build_memory=config.box.build_memory,
        threads=config.box.threads,
        wall_seconds=config.box.wall_seconds,
        cpu_seconds=config.box.cpu_seconds,
    )
    warehouse = DuckDBWarehouse(home / "run" / "scratch", box=box)
    return Bursar(
        config=config,
        store=store,
        lake=Lake(home / "lake", store),
        warehouse=warehouse,
        marts=MartBuilder(warehouse=warehouse, rules=config.file("rules.yaml"), units=config.file("units.yaml")),
        clock=clock or utc_now,
        progress=progress or (lambda _: None),
        adopt=SimulatedEstate(home / ESTATE).adopt,
        budgets=partial(budget_scopes, config),
    )


def budget_scopes(config: Config) -> "Sequence[Wanted]":
    """What the project's budgets are about. A file that is wrong is told where budgets are asked for, and holds no detection up."""
    from bursar.anomaly.scopes import Wanted  # noqa: PLC0415 - only who detects needs it
    from bursar.policies.budgets import read_budgets  # noqa: PLC0415 - as above
    from bursar.query.filters import to_text  # noqa: PLC0415 - as above

    try:
        budgets = read_budgets(config.file("budgets.yaml"))
    except ConfigError:
        return ()
    return [Wanted(id=one.id, filter=to_text(budgets.whole_scope(one)), metric=one.cost) for one in budgets]


def act(app: Bursar, *, pause: Callable[[float], None] = time.sleep) -> Acting:
    """Plan, approve, apply over a house: its estates and its policy engine."""
    estate, engine = SimulatedEstate(app.config.home.absolute() / ESTATE), policy_engine(app.config)
    return Acting(
        config=app.config,
        store=app.store,
        lake=app.lake,
        warehouse=app.warehouse,
        estate=estate,
        price=estate.price,
        engine=engine,
        clock=app.clock,
        pause=pause,
        reread=partial(load, path=app.config.project / "bursar.yaml", home=app.config.home) if app.config.project else None,
    )


def channels(config: Config, *, stream: TextIO | None = None) -> dict[str, Channel]:
    """Where people are told, by the word an outbox row's kind begins with: the console always, Slack where it is configured.

    `stream` is where the console prints; without one it only keeps its file.
    """
    from bursar.adapters.channels.console import Console  # noqa: PLC0415 - a pass of the worker needs them, a question does not
    from bursar.adapters.channels.slack import Slack  # noqa: PLC0415 - as above
    from bursar.adapters.channels.slack_web import SlackWeb  # noqa: PLC0415 - as above
    from bursar.triage.picture import png  # noqa: PLC0415 - as above

    found: dict[str, Channel] = {"console": Console(file=config.home.absolute() / "alerts.jsonl", stream=stream)}
    if slack := config.channels.slack:
        found["slack"] = Slack(SlackWeb(slack.token.get_secret_value(), url=slack.url), draw=png)
    return found


def messenger(app: Bursar, *, stream: TextIO | None = None) -> Worker:
    """The outbox's worker over the house's channels. Time is the database's unless the house was given a clock of its own."""
    return Worker(store=app.store, channels=channels(app.config, stream=stream), clock=None if app.clock is utc_now else app.clock)


def open_rounds(app: Bursar, *, stream: TextIO | None = None) -> "Rounds":
    """The worker over a house. `stream` is where the console channel prints."""
    from bursar.operations.rounds import Rounds  # noqa: PLC0415 - only who works needs them

    return Rounds(
        app=app,
        gate=partial(open_gate, app),
        messenger=messenger(app, stream=stream),
        acting=act(app),
        has_estate=(app.config.home.absolute() / ESTATE).exists,
    )


def slack_double(channels: Sequence[str]) -> "SlackDouble":
    """A Slack on this machine, to be entered: for the demo and first tries."""
    from bursar.adapters.channels.slack_double import SlackDouble  # noqa: PLC0415 - no server needs it

    return SlackDouble(channels)


def policy_engine(config: Config) -> "Opa":
    """OPA over the packaged rules and the project's own. Nothing is started before the first question."""
    from bursar.adapters.engines.opa import Opa  # noqa: PLC0415 - a question about cost needs no engine

    own = config.project / "policies" if config.project else None
    return Opa(
        library=rego(),
        run=config.home.absolute() / "run",
        named=config.opa.binary,
        project=config.project,
        own=own,
        seconds=config.opa.seconds,
    )


def rego() -> Path:
    """The packaged rules."""
    import bursar.policies  # noqa: PLC0415 - as above

    return Path(bursar.policies.__file__ or "").parent / "rego"


def open_gate(app: Bursar) -> "Gate":
    """The gate over a house: its owner rules say which tags are asked for, its budgets and exceptions are the project's."""
    from bursar.allocation.rules import TagRule, read_rules  # noqa: PLC0415 - as above
    from bursar.policies.budgets import read_budgets  # noqa: PLC0415 - as above
    from bursar.policies.gate import Gate  # noqa: PLC0415 - as above
    from bursar.policies.planned import Ownership  # noqa: PLC0415 - as above

    read = read_rules(app.config.file("rules.yaml")).dimensions
    tagged = {name: [rule for rule in rules if isinstance(rule, TagRule)] for name, rules in read.items()}
    ownership = Ownership(
        keys={name: tuple(key for rule in rules for key in rule.tags) for name, rules in tagged.items() if rules},
        renamed={name: {said: owner for rule in reversed(rules) for said, owner in rule.map.items()} for name, rules in tagged.items()},
    )
    return Gate(
        engine=policy_engine(app.config),
        store=app.store,
        lake=app.lake,
        warehouse=app.warehouse,
        clock=app.clock,
        ownership=ownership,
        owners=tuple(app.config.owners),
        budgets=read_budgets(app.config.file("budgets.yaml")),
        exceptions=app.config.file("exceptions.yaml"),
    )


def home_of(home: Path | None) -> Path:
    """The state folder that counts here, absolute: the option, else $BURSAR_HOME, else ./.bursar."""
    return (home or Path(os.environ.get(HOME) or ".bursar")).absolute()


def utc_now() -> datetime:
    """The moment, to the second: what is stored is what is compared."""
    return datetime.now(UTC).replace(microsecond=0)


def simulate(  # noqa: PLR0913 - the options of `bursar simulate`
    out: Path,
    *,
    clouds: Sequence[str] = ("aws", "gcp", "azure"),
    first: str = "2026-09",
    months: int = 2,
    rows: int = 20_000,
    seed: int = 7,
    deliveries: str = "final",
    applied: Path | None = None,
    as_of: date | None = None,
    events: str | None = None,
    organisations: int = 2,
    progress: Progress | None = None,
) -> None:
    """Write the native bills of a simulated estate below `out`; see adapters/clouds/simulated."""
    from bursar.adapters.clouds.simulated.simulate import simulate as write  # noqa: PLC0415 - only this verb needs it

    write(
        out, clouds=clouds, first=first, months=months, rows=rows, seed=seed, deliveries=deliveries, applied=applied, as_of=as_of,
        events=events, organisations=organisations, progress=progress,
    )  # fmt: skip
