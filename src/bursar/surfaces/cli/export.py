"""`bursar export focus`: what is published, as a FOCUS file."""

from __future__ import annotations

from pathlib import Path

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar export focus --period 2026-10 --out october.parquet
  bursar export focus --focus-version 1.2 --out focus.csv"""


@click.group()
def export() -> None:
    """Write what is published as a file."""


@export.command(epilog=EPILOG)
@click.option(
    "--focus-version", "version", type=click.Choice(["1.2", "1.4"]), default="1.4", show_default=True, help="Version of the specification."
)
@click.option("--period", metavar="YYYY-MM", help="Billing period (default: all that is published).")
@click.option("--as-of", "as_of", metavar="DATE", help="What was believed on a day, YYYY-MM-DD.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="FILE.parquet or FILE.csv; replaced if there.")
@click.pass_context
def focus(ctx: click.Context, version: str, period: str | None, as_of: str | None, out: Path) -> None:
    """Typed FOCUS lines: the columns of the version, then our x_ columns."""
    from bursar.domain.errors import ConfigError
    from bursar.domain.periods import Period
    from bursar.domain.wording import count
    from bursar.query.ask import NOTHING_PUBLISHED, no_bill
    from bursar.query.export import export_focus
    from bursar.surfaces.cli.moments import generation_as_of

    wanted = str(Period.parse(period)) if period else None
    if not out.absolute().parent.is_dir():
        raise ConfigError(f"there is no folder {out.absolute().parent}", cure="Create it, or write the file elsewhere.")
    app = opened(ctx)
    generation = generation_as_of(app, as_of) or NOTHING_PUBLISHED
    rows = export_focus(out.resolve(), version=version, generation=generation, warehouse=app.warehouse, period=wanted)
    click.echo(f"{count(rows, 'line')} of FOCUS {version} in {out}.", err=True)
    if why := no_bill(generation, wanted):
        click.echo(why, err=True)
