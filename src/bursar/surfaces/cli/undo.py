"""`bursar undo`: the plan that takes an applied one back."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar undo 3f9c2a71"""


@click.command(epilog=EPILOG)
@click.argument("digest")
@click.pass_context
def undo(ctx: click.Context, digest: str) -> None:
    """Propose the inverse of what an applied plan really did. It is approved and applied as any other plan."""
    from bursar import bootstrap
    from bursar.surfaces.cli.plans import tell_plan
    from bursar.surfaces.cli.subject import me

    entry = bootstrap.act(opened(ctx)).undo(digest, maker=me())
    tell_plan(entry)
    click.echo(f"Next:  bursar approve {entry.digest[:12]}   (somebody else than its maker)", err=True)
