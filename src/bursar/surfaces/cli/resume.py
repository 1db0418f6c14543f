"""`bursar resume`: the kill switch."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar resume"""


@click.command(epilog=EPILOG)
@click.pass_context
def resume(ctx: click.Context) -> None:
    """Let plans be applied again after `bursar stop`."""
    from bursar import bootstrap
    from bursar.surfaces.cli.subject import me

    acting = bootstrap.act(opened(ctx))
    click.echo("Applying goes on." if acting.resume(actor=me()) else "Applying was not stopped.")
