"""Native bills of three clouds, their invoices, usage metrics, and the truth about them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bursar.adapters.clouds.simulated import absences, invoices, metrics
from bursar.adapters.clouds.simulated import deliveries as on_the_way
from bursar.adapters.clouds.simulated.aws import bill as aws
from bursar.adapters.clouds.simulated.azure import bill as azure
from bursar.adapters.clouds.simulated.disks import Census
from bursar.adapters.clouds.simulated.estate import Estate
from bursar.adapters.clouds.simulated.gcp import bill as gcp
from bursar.adapters.clouds.simulated.planted import planted, told
from bursar.domain.errors import ConfigError
from bursar.domain.periods import Period

SHARES = {"aws": 60, "gcp": 25, "azure": 15}
"""Percent of the usage rows; without a cloud the others keep their proportion."""

ESTATE, ESTATE_SCHEMA = "estate.json", "bursar.estate/1"

CLOUDS: dict[str, Callable[[Path, Sequence[Period], Estate], None]] = {
    "aws": aws.write,
    "gcp": gcp.write,
    "azure": azure.write,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What was written: the folder, and the content of its truth.json."""

    out: Path
    content: Mapping[str, object]


def simulate(  # noqa: PLR0913  the options of `bursar simulate`
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
    progress: Callable[[str], None] | None = None,
) -> Truth:
    """Write bills, invoices, metrics and truth.json under a new or empty folder. Same arguments, same bytes.

    `rows` is about the number of usage rows a month over all clouds; what they cost hardly depends on it.
    `deliveries="all"` adds the month after the last as a bucket sees it come, under deliveries/, in order of arrival; the name
    of a delivery that stands by itself, such as aws-contradicts-invoice, adds that one.
    `applied` is the file of a simulated control plane: what was deleted there is not charged for, and snapshots kept of it are.
    `as_of` is a day of the last month: everything is exported on its morning, and that month is still running.
    `events` is the month the planted events happen in, the last one otherwise: what began then and lasts goes on.
    `organisations` 1 leaves AWS's second organisation and Azure's second billing account out: a smaller estate.
    Raises ConfigError for an unknown cloud, a month that is none, or a folder that holds something.
    """
    begins = Period.parse(first)
    shares = _shares(out, clouds=clouds, last=begins.shift(months - 1), months=months, rows=rows, as_of=as_of)
    out.mkdir(parents=True, exist_ok=True)
    events_of = planted(begins, months, seed=seed, month=Period.parse(events) if events else None)
    estate = Estate(
        seed=seed, first=begins, rows=shares, planted=events_of, absences=absences.read(applied), as_of=as_of, organisations=organisations
    )
    tell = progress or _silent
    periods = [estate.first.shift(offset) for offset in range(months)]
    for cloud in clouds:
        tell(f"bills of {cloud}, {periods[0]} to {periods[-1]}")
        CLOUDS[cloud](out / cloud, periods, estate)
    for period in periods:
        invoices.write(out / "invoices", period, estate.ledger)
        metrics.write(out / "metrics", period, seed=seed, until=as_of)
    content = _truth(estate)
    if deliveries != "final":
        tell(f"deliveries of {periods[-1].shift(1)}")
        only = "" if deliveries == "all" else deliveries
        content["deliveries"] = on_the_way.write(out / "deliveries", periods[-1].shift(1), estate, clouds=tuple(clouds), only=only)
    (out / "truth.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    (out / ESTATE).write_text(json.dumps(_control(estate, as_of or periods[-1].end), indent=None) + "\n", encoding="utf-8")
    return Truth(out=out, content=content)


def _silent(what: str) -> None:
    """Nobody listens."""


def _control(estate: Estate, as_of: date) -> dict[str, object]:
    """What control planes say at the end of the last day: every disk, and thirty days of the past."""
    census = Census(disks=estate.disks, seed=estate.seed, as_of=as_of)
    return {"schema": ESTATE_SCHEMA, "seed": estate.seed, "as_of": f"{as_of}T00:00:00Z", "resources": list(census.told())}


def _shares(out: Path, *, clouds: Sequence[str], last: Period, months: int, rows: int, as_of: date | None) -> dict[str, int]:
    """Usage rows a month by cloud, once everything that was asked for can be done."""
    unknown = sorted(set(clouds) - SHARES.keys())
    if unknown or not clouds:
        raise ConfigError(f"cannot simulate {', '.join(unknown) or 'no cloud'}", cure=f"Choose among {', '.join(SHARES)}.")
    if months < 1 or rows < 1:
        raise ConfigError("months and rows must be at least 1", cure="Ask for one month and a thousand rows, say.")
    if as_of and not last.start < as_of < last.end:
        raise ConfigError(f"{as_of} is no running day of {last}", cure=f"Name a day after {last.start} and before {last.end}.")
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"{out} is not empty", cure="Name a folder that does not exist yet, or empty this one.")
    whole = sum(SHARES[cloud] for cloud in clouds)
    return {cloud: rows * SHARES[cloud] // whole for cloud in clouds}


def _truth(estate: Estate) -> dict[str, object]:
    return {
        "seed": estate.seed,
        "periods": estate.ledger.periods(),
        "owners": estate.ledger.owners(),
        "events": told(estate.shape.seen),
        "waste": estate.waste.told(),
    }
