"""`bursar apply`: carry an approved plan out, once."""

import click

from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Examples:
  bursar apply 3f9c2a71"""
EXIT_REFUSED = 1


@click.command(epilog=EPILOG)
@click.argument("digest")
@click.pass_context
def apply(ctx: click.Context, digest: str) -> None:
    """Carry an approved plan out. All guards come first: approvals, limits, policy, and whether the world is as it was.

    A run that is cut short goes on with the same command; no change is made twice. Exit 1: a guard said no, or a change
    failed; 4: it is not known whether a change happened.
    """
    from bursar import bootstrap
    from bursar.domain.wording import count
    from bursar.surfaces.cli.subject import me

    acting = bootstrap.act(opened(ctx))
    done = acting.apply(digest, actor=me())
    changes = acting.show(done.digest).plan.changes
    for made in done.made:
        change = changes[made.position]
        click.echo(f"  {made.state:10}{change.verb} {change.resource.id}")
    click.echo(f"Plan {done.digest[:12]} is {done.status}: {count(sum(one.state == 'done' for one in done.made), 'change')} done.")
    if done.status != "applied":
        ctx.exit(EXIT_REFUSED)
    click.echo(f"Take it back:  bursar undo {done.digest[:12]}", err=True)
