"""`bursar stop`: the kill switch."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar stop --reason "something deletes disks"
"""


@click.command(epilog=EPILOG)
@click.option("--reason", default="stopped by hand", show_default=True, help="Why, for everybody who is refused.")
@click.pass_context
def stop(ctx: click.Context, *, reason: str) -> None:
    """Stop all applying, also what runs now, before its next change. A file STOP in the state folder does the same."""
    from bursar import bootstrap
    from bursar.surfaces.cli.subject import me

    acting = bootstrap.act(opened(ctx))
    file = acting.stop(reason, actor=me())
    click.echo(f"Applying is stopped: {file} is there.")
    click.echo("When it is safe again:  bursar resume", err=True)
