"""`bursar reject`: a word on exactly one plan."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar reject 3f9c2a71
  bursar reject 3f9c2a71 --as second@acme.example --reason "seen with the team"   (simulated estates)"""


@click.command(epilog=EPILOG)
@click.argument("digest")
@click.option("--as", "named", metavar="USER", help="Speak as somebody else; on simulated estates only.")
@click.option("--reason", default="", help="Why, for the journal.")
@click.pass_context
def reject(ctx: click.Context, *, digest: str, named: str | None, reason: str) -> None:
    """Close a plan for good, with a reason. Whoever may approve it may, and its maker."""
    from bursar import bootstrap
    from bursar.surfaces.cli.subject import subject

    acting = bootstrap.act(opened(ctx))
    said = acting.reject(digest, subject(acting, named), reason=reason)
    click.echo(f"Plan {said.digest[:12]} is {said.status}.")
