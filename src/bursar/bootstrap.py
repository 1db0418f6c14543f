"""Config → a wired Bursar. The only importer of adapters; nothing connects at import."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bursar.adapters.warehouses.duckdb import Box, DuckDBWarehouse
from bursar.allocation.build import MartBuilder
from bursar.config import HOME, Config, load
from bursar.domain.errors import ConfigError
from bursar.lake.generations import Lake
from bursar.loop import Bursar
from bursar.ports import Clock, Progress
from bursar.store.database import open_store, sqlite_url


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
    deliveries: Literal["final", "all"] = "final",
    progress: Progress | None = None,
) -> None:
    """Write the native bills of a simulated estate below `out`; see adapters/clouds/simulated."""
    from bursar.adapters.clouds.simulated.simulate import simulate as write  # noqa: PLC0415 - only this verb needs it

    write(out, clouds=clouds, first=first, months=months, rows=rows, seed=seed, deliveries=deliveries, progress=progress)
