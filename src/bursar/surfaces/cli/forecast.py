"""`bursar forecast`: what the month will come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bursar.anomaly.forecast import Forecast

EPILOG = """\b
Examples:
  bursar forecast
  bursar forecast --scope "team = 'payments' AND env = 'prod'" """


@click.command(epilog=EPILOG)
@click.option("--scope", metavar="EXPR", help="Which charges, as team = 'payments'; usage, taxes, credits and all.")
@format_option
@click.pass_context
def forecast(ctx: click.Context, scope: str | None, output: str | None) -> None:
    """The month's end with its interval: the estate, its providers and teams (usage), or any scope (every charge)."""
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.forecasting import kept, reckoned
    from bursar.surfaces.incidents import forecasts

    app = opened(ctx)
    generation, found = kept(app) if scope is None else reckoned(app, scope)
    listing = forecasts(generation, found)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif found:
        _show(found)
    if not found and output != "json":
        nothing = (
            "There is no forecast yet. Make one with:  bursar detect"
            if scope is None
            else "No charge matches this scope: nothing to forecast."
        )
        click.echo(nothing, err=True)
    elif output in {None, "table"} and not shared(ctx)["quiet"]:
        click.echo(f"Generation {generation}; four months in five end between low and high. {found[0].method}.", err=True)


def _show(found: Sequence[Forecast]) -> None:
    columns = ("Month", "Scope", "Known to", "So far", "Low", "Forecast", "High", "Currency")
    rows = [
        [
            f"{each.period:%Y-%m}", _name(each), f"{each.as_of}", amount(each.actual), amount(each.p10), amount(each.p50), amount(each.p90),
            each.currency,
        ]
        for each in found
    ]  # fmt: skip
    table(columns, rows, right=("So far", "Low", "Forecast", "High"))


def _name(each: Forecast) -> str:
    """A series by its values, a named scope by its filter."""
    from urllib.parse import unquote

    parts = each.scope_id.split("/")
    if len(parts) == 1:
        return each.scope or "everything"
    return unquote(" / ".join(parts[1:-1])) or "the whole estate"
