"""`bursar savings`: what was promised, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.domain.savings import Saving

EPILOG = """\b
Examples:
  bursar savings
  bursar savings --format json"""


@click.command(epilog=EPILOG)
@format_option
@click.pass_context
def savings(ctx: click.Context, output: str | None) -> None:
    """The ledger: expected and realised savings a month, by RFC, measured on the published bill. Negative is told as negative."""
    from bursar import bootstrap
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.plans import savings as listing_of

    lines = bootstrap.act(opened(ctx)).measure()
    listing = listing_of(lines)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif lines:
        columns = ("RFC", "What", "Status", "Expected", "Realised", "90 % between", "and", "", "How")
        table(columns, [_cells(line) for line in lines], right=("Expected", "Realised", "90 % between", "and"))
    else:
        click.echo("Nothing was proposed yet. Next:  bursar plan", err=True)


def _cells(line: Saving) -> list[str]:
    measured = line.detail.get("measured")
    how = f"{measured['method']}, {measured['start']} to {measured['end']}" if isinstance(measured, dict) else "–"
    found = line.realised
    money = [amount(found.amount), amount(found.low), amount(found.high)] if found else ["–", "–", "–"]
    return [line.rfc, line.title, line.status, amount(line.expected.amount), *money, line.currency, how]
