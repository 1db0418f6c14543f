"""`bursar simulate`: native bills of an estate that does not exist, and the truth about them."""

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

EPILOG = """\b
Examples:
  bursar simulate --out bills
  bursar simulate --out bills --clouds aws --rows 1000000 --months 1
  bursar simulate --out bills --deliveries all
  bursar simulate --out october --from 2026-10 --months 1 --as-of 2026-10-17
  bursar simulate --out november --from 2026-11 --months 1 --events 2026-10 --estate .bursar/estate.sqlite"""


@click.command(epilog=EPILOG)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="A new or empty folder.")
@click.option("--clouds", default="aws,gcp,azure", show_default=True, help="Which clouds, separated by commas.")
@click.option("--from", "first", default="2026-09", show_default=True, metavar="YYYY-MM", help="The first billing period.")
@click.option("--months", type=click.IntRange(min=1), default=2, show_default=True, help="How many billing periods.")
@click.option("--rows", type=click.IntRange(min=1), default=20_000, show_default=True, help="Usage rows a month, about, over all clouds.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--deliveries", type=click.Choice(["final", "all"]), default="final", show_default=True,
    help="all: also the deliveries on the way to the final ones, and wrong ones, under deliveries/.",
)  # fmt: skip
@click.option(
    "--estate", "applied", type=click.Path(path_type=Path, dir_okay=False, exists=True), metavar="FILE",
    help="estate.sqlite of a state folder: what applied plans deleted there is not charged for.",
)  # fmt: skip
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="A day of the last month: everything is exported on its morning, and that month is still running.",
)  # fmt: skip
@click.option("--events", metavar="YYYY-MM", help="The month of the planted events (default: the last); what lasts goes on.")
@click.option(
    "--organisations", type=click.IntRange(1, 2), default=2, show_default=True, help="Of AWS and of Azure; 1 is a smaller estate."
)
@click.pass_context
def simulate(  # noqa: PLR0913  one argument per option
    ctx: click.Context,
    *,
    out: Path,
    clouds: str,
    first: str,
    months: int,
    rows: int,
    seed: int,
    deliveries: Literal["final", "all"],
    applied: Path | None,
    as_of: datetime | None,
    events: str | None,
    organisations: int,
) -> None:
    """Write native bills in each cloud's real layout, their invoices, usage metrics, estate.json and truth.json.

    The bills hold every charge type, planted events and waste; truth.json says what they add up to. Then:
    bursar ingest OUT
    """
    from bursar import bootstrap

    def tell(what: str) -> None:
        if not ctx.obj["quiet"]:
            click.echo(what, err=True)

    names = tuple(name.strip().lower() for name in clouds.split(",") if name.strip())
    bootstrap.simulate(
        out, clouds=names, first=first, months=months, rows=rows, seed=seed, deliveries=deliveries, applied=applied,
        as_of=as_of.date() if as_of else None, events=events, organisations=organisations, progress=tell,
    )  # fmt: skip
    tell(f"Written to {out}. Next: bursar ingest {out}")
