"""`bursar detect`: score what is published, raise incidents, forecast the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from bursar.anomaly.detect import Detection

EPILOG = """\b
Examples:
  bursar detect
  bursar detect --as-of 2026-10-17 --format json"""


@click.command(epilog=EPILOG)
@click.option("--as-of", "as_of", metavar="DATE", help="What would have been said at the end of a day, YYYY-MM-DD. Keeps nothing.")
@format_option
@click.pass_context
def detect(ctx: click.Context, as_of: str | None, output: str | None) -> None:
    """Score every series of the newest generation, bring the incidents up to date and forecast the month.

    Running it twice on the same generation changes nothing.
    """
    from datetime import date

    from bursar.surfaces.cli.moments import generation_as_of
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.incidents import detection

    app = opened(ctx)
    generation = generation_as_of(app, as_of)
    found = app.detect(generation, until=date.fromisoformat(as_of) if as_of else None)
    if found is None:
        click.echo("Nothing is published yet. Bring a bill in with:  bursar ingest PATH", err=True)
        return
    listing = detection(found)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif found.incidents:
        _show(found)
    if output in {None, "table"} and not shared(ctx)["quiet"]:
        _tell(found)


def _show(found: Detection) -> None:
    from bursar.anomaly.evidence import scope_text

    columns = ("Id", "Since", "Severity", "Status", "What", "Owner", "Expected", "Actual", "Excess", "Currency")
    rows = [
        [
            name, f"{one.onset}", one.severity, one.status, scope_text(one.scope), one.owner or "–", amount(one.expected),
            amount(one.actual), amount(one.excess), one.currency,
        ]
        for name, one in found.incidents
    ]  # fmt: skip
    table(columns, rows, right=("Expected", "Actual", "Excess"))


def _tell(found: Detection) -> None:
    """What was done, on stderr."""
    from bursar.domain.wording import count

    changes = found.changes
    done = ((changes.opened, "opened"), (changes.updated, "updated"), (changes.closed, "closed"), (changes.settled, "settled"))
    told = ", ".join(f"{len(ids)} {word}" for ids, word in (*done, (changes.retracted, "retracted")) if ids) or "no incident changed"
    scored = f"{count(found.series, 'series', 'series')} scored, {found.first} to {found.last}"
    click.echo(f"Generation {found.generation}: {scored}; {told}.", err=True)
    for note in found.notes:
        click.echo(f"Note  {note}", err=True)
    if found.incidents:
        click.echo(f"Next:  bursar anomalies show {found.incidents[0][0]}", err=True)
