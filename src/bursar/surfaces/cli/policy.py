"""`bursar policy`: the rules and their tests."""

from __future__ import annotations

import click

from bursar.surfaces.cli.wiring import shared

EPILOG = """\b
Example:
  bursar policy test"""


@click.group(epilog=EPILOG)
def policy() -> None:
    """The Rego rules, packaged and your own."""


@policy.command(epilog=EPILOG)
@click.pass_context
def test(ctx: click.Context) -> None:
    """Format, compile and test every rule; exit 1 unless all pass and every line is covered."""
    from bursar.bootstrap import policy_engine
    from bursar.config import load

    told = shared(ctx)
    engine = policy_engine(load(path=told["config"], home=told["home"]))
    for line in engine.test():
        click.echo(line)
