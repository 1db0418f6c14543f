"""`bursar build`: allocate again, publish a new generation if anything changed."""

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import tell_not_shown
from bursar.surfaces.cli.wiring import EXIT_BILL, opened

if TYPE_CHECKING:
    from bursar.ingestion.gate import Held

EPILOG = """\b
Example:
  $EDITOR rules.yaml && bursar build && bursar costs --group-by team"""


@click.command(epilog=EPILOG)
@click.pass_context
def build(ctx: click.Context) -> None:
    """Allocate, roll up and publish: after a change of rules.yaml or units.yaml, or what an ingest staged before it was cut short.

    Nothing is normalised again, and no total moves. What a cut-short ingest had not read yet is read by ingesting again.
    Exit 3 when a delivery that waited is held back.
    """
    app = opened(ctx)
    before = app.lake.head()
    held: list[Held] = []
    after = app.publish(held=held.append)
    if after is None:
        click.echo("Nothing has been ingested yet. Next:  bursar ingest bill.csv")
    elif before and after.n == before.n:
        click.echo(f"Nothing changed; generation {after.n} stands.")
    else:
        click.echo(f"Published generation {after.n}. Next:  bursar costs --group-by team")
    for one in held:
        tell_not_shown("quarantined", str(one.snapshot.detail.get("name")), cause=one.cause, cure=one.cure)
    if held:
        ctx.exit(EXIT_BILL)
