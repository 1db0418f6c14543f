"""`bursar exceptions`: who allowed what, why, until when; granted by somebody else than who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import document, format_option, printable, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.exception_registry import Registry

EPILOG = """\b
Examples:
  bursar exceptions list
  bursar exceptions grant legacy-vm --rule BRS-TAG-001 --resource "aws_instance.legacy*" --owner payments --approver ana \\
    --reason "moves out in March" --expires 2027-03-31
  bursar exceptions revoke legacy-vm"""


@click.group(epilog=EPILOG)
def exceptions() -> None:
    """Exceptions to rules, of exceptions.yaml and of the store."""


@exceptions.command("list", epilog=EPILOG)
@format_option
@click.pass_context
def list_(ctx: click.Context, output: str | None) -> None:
    """Every exception, whether it counts, and what is to be said of it."""
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.exceptions import counted, exceptions_listing

    registry, costs = counted(opened(ctx))
    listing = exceptions_listing(registry, costs)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    else:
        _show(registry)


@exceptions.command(epilog=EPILOG)
@click.argument("ident", metavar="ID")
@click.option("--rule", required=True, metavar="ID", help="The rule, as BRS-TAG-001.")
@click.option("--resource", required=True, help="A resource's name, or the beginning of names and a *.")
@click.option("--owner", required=True, metavar="TEAM", help="Who answers for it.")
@click.option("--approver", required=True, metavar="NAME", help="Who allows it; not its owner, unless it ends within a day.")
@click.option("--reason", required=True)
@click.option("--expires", required=True, metavar="DATE", help="YYYY-MM-DD or a moment, when it no longer holds; 180 days ahead at most.")
@click.option("--scope", metavar="EXPR", help="Only where this condition of the filter language holds.")
@click.option("--ticket")
@click.option("--max-monthly-cost", metavar="AMOUNT", help="It stops to count when what it covers costs more in a month.")
@click.option("--currency", metavar="CODE")
@click.pass_context
def grant(ctx: click.Context, ident: str, **given: str | None) -> None:
    """Grant an exception; it is journalled and counts from now on."""
    from bursar.domain.periods import stamp
    from bursar.exception_registry import grant as write
    from bursar.surfaces.cli.subject import me

    app = opened(ctx)
    said = {"id": ident, "created": stamp(app.clock()), **{name: value for name, value in given.items() if value is not None}}
    with app.store.begin() as connection:
        made = write(connection, said, now=app.clock(), owners=tuple(app.config.owners), by=me())
    click.echo(f"Granted {made.id} until {made.expires:%Y-%m-%d}.")


@exceptions.command(epilog=EPILOG)
@click.argument("ident", metavar="ID")
@click.pass_context
def revoke(ctx: click.Context, ident: str) -> None:
    """End an exception of the store now."""
    import getpass

    from bursar.exception_registry import revoke as end

    app = opened(ctx)
    with app.store.begin() as connection:
        end(connection, ident, by=getpass.getuser(), now=app.clock())
    click.echo(f"Revoked {ident}.")


def _show(registry: Registry) -> None:
    applying = {one.id for one in registry.applying()}
    if registry.grants:
        columns = ("Exception", "Rule", "Resource", "Owner", "Approver", "Ends", "Counts", "Why")
        rows = [
            [
                one.id,
                one.rule,
                one.resource,
                one.owner,
                one.approver,
                f"{one.expires:%Y-%m-%d}",
                "yes" if one.id in applying else "NO",
                one.reason,
            ]
            for one in registry.grants
        ]
        table(columns, rows)
    else:
        click.echo("There are no exceptions.")
    for finding in registry.findings:
        click.echo(f"{finding.id}  {printable(finding.exception)}: {printable(finding.message)}", err=True)
