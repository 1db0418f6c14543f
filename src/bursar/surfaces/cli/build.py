"""`bursar build`: allocate again, publish a new generation if anything changed."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Example:
  $EDITOR rules.yaml && bursar build && bursar costs --group-by team"""


@click.command(epilog=EPILOG)
@click.pass_context
def build(ctx: click.Context) -> None:
    """Allocate, roll up and publish: after a change of rules.yaml or units.yaml, or to finish an ingest that was cut short.

    Nothing is normalised again, and no total moves.
    """
    app = opened(ctx)
    before = app.lake.head()
    after = app.publish()
    if after is None:
        click.echo("Nothing has been ingested yet. Next:  bursar ingest bill.csv")
    elif before and after.n == before.n:
        click.echo(f"Nothing changed; generation {after.n} stands.")
    else:
        click.echo(f"Published generation {after.n}. Next:  bursar costs --group-by team")
