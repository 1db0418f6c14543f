"""`bursar history`: every delivery of a billing period, and what each changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.lake.reports import Version

EPILOG = """\b
Examples:
  bursar history --period 2026-10
  bursar history --period 2026-10 --format json"""

NONE = "–"


@click.command(epilog=EPILOG)
@click.option("--period", metavar="YYYY-MM", help="Billing period (default: all).")
@format_option
@click.pass_context
def history(ctx: click.Context, period: str | None, output: str | None) -> None:
    """Every delivery of a billing period with its totals, and its difference from the one published before it."""
    from bursar.domain.periods import Period
    from bursar.lake.reports import history as versions_of
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.documents import history as listing_of

    wanted = str(Period.parse(period)) if period else None
    versions = versions_of(opened(ctx).store, period=wanted)
    listing = listing_of(versions)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif versions:
        _show(versions)
    if not versions and output != "json":
        click.echo(f"Nothing was delivered{f' for {wanted}' if wanted else ''} yet. Next:  bursar ingest bill.csv", err=True)


def _show(versions: list[Version]) -> None:
    """One row per delivery and currency; a change counts against the delivery published before."""
    columns = ("Period", "Source", "As of", "State", "Generations", "Lines", "Currency", "Billed", "Change", "Effective")
    table(columns, [row for version in versions for row in _rows(version)], right=("Lines", "Billed", "Change", "Effective"))


def _rows(version: Version) -> list[list[str]]:
    """The delivery's totals, one row per currency."""
    exported = f"{version.exported_at:%Y-%m-%d %H:%M}" if version.exported_at else "not known"
    head = [version.period, version.source, exported, version.state, _span(version), f"{version.rows:,}"]
    rows: list[list[str]] = []
    for currency, four in sorted(version.sums.items()):
        change = version.change.get(currency) if version.change else None
        rows.append([*head, currency, amount(four.billed), amount(change.billed) if change else NONE, amount(four.effective)])
    return rows or [[*head, NONE, NONE, NONE, NONE]]


def _span(version: Version) -> str:
    """`3 to 5`, `4`, `6 on`, or nothing for what was never published."""
    if version.gen_from is None:
        return NONE
    if version.gen_to is None:
        return f"{version.gen_from} on"
    last = version.gen_to - 1
    return str(last) if last == version.gen_from else f"{version.gen_from} to {last}"
