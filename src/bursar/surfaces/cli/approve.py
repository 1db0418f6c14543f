"""`bursar approve`: a word on exactly one plan."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar approve 3f9c2a71
  bursar approve 3f9c2a71 --as second@acme.example --reason "seen with the team"   (simulated estates)"""


@click.command(epilog=EPILOG)
@click.argument("digest")
@click.option("--as", "named", metavar="USER", help="Speak as somebody else; on simulated estates only.")
@click.option("--reason", default="", help="Why, for the journal.")
@click.pass_context
def approve(ctx: click.Context, *, digest: str, named: str | None, reason: str) -> None:
    """Approve a plan by its digest. Its maker may not; an approval lives for a day and counts for one apply."""
    from bursar import bootstrap
    from bursar.surfaces.cli.subject import subject

    acting = bootstrap.act(opened(ctx))
    said = acting.approve(digest, subject(acting, named), reason=reason)
    click.echo(f"{said.given} of {said.needed} approvals; the plan is {said.status}.")
    rest = "Next:  bursar apply" if said.status == "approved" else "Somebody else still has to:  bursar approve"
    click.echo(f"{rest} {said.digest[:12]}", err=True)
