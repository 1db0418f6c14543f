"""`bursar budgets`: how every budget stands, alerts, and what changes hold of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, printable, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bursar.policies.measured import Fault, Measure

EPILOG = """\b
Examples:
  bursar budgets status
  bursar budgets status --format json
  bursar budgets check
  bursar budgets release acme/infra#12 --merged"""


@click.group(epilog=EPILOG)
def budgets() -> None:
    """Budgets of budgets.yaml: actual, forecast, burn rates, alerts, reservations."""


@budgets.command(epilog=EPILOG)
@format_option
@click.pass_context
def status(ctx: click.Context, output: str | None) -> None:
    """Every budget in its current period, and what is wrong with them together. Changes nothing."""
    from bursar.surfaces.budgets import standing
    from bursar.surfaces.documents import csv_text

    found = standing(opened(ctx))
    listing = found.listing()
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    else:
        _show(found.measures, found.faults)


@budgets.command(epilog=EPILOG)
@click.pass_context
def check(ctx: click.Context) -> None:
    """Measure every budget and open, worsen or clear its alerts."""
    from bursar.bootstrap import open_gate
    from bursar.policies.budget_alerts import check as settle

    app = opened(ctx)
    ledger = open_gate(app).ledger(app.lake.head(), now=app.clock())
    with app.store.begin() as connection:
        found = settle(connection, ledger, now=app.clock())
    for alert in found:
        click.echo(f"{alert.happened.capitalize()}  {alert.severity}  {alert.budget}  {alert.rule}  {alert.period}")
    if not found:
        click.echo("No alert opened, got worse or cleared.")


@budgets.command(epilog=EPILOG)
@click.argument("change")
@click.option("--merged", is_flag=True, help="It was merged: what it adds stays committed until it is billed, 14 days at most.")
@click.pass_context
def release(ctx: click.Context, change: str, merged: bool) -> None:
    """Give back what a closed change (OWNER/REPO#NUMBER) has reserved."""
    from bursar.domain.wording import count
    from bursar.policies.reservations import close

    app = opened(ctx)
    with app.store.begin() as connection:
        number = close(connection, change, merged=merged, actor="gate", now=app.clock())
    click.echo(f"{'Committed' if merged else 'Released'} in {count(number, 'budget')}.")


def _show(measures: Sequence[Measure], faults: Sequence[Fault]) -> None:
    from bursar.surfaces.budgets import status_of

    if not measures:
        click.echo("There are no budgets. Write them into budgets.yaml; bursar init gives an example.")
        return
    columns = ("Budget", "Period", "Currency", "Amount", "Actual", "Forecast", "P(breach)", "Breach", "Burn 1d 3d 7d", "How it stands")
    rows = [
        [
            measure.budget.id,
            f"{measure.span.start:%Y-%m}",
            measure.budget.currency,
            amount(measure.amount),
            amount(measure.actual),
            amount(measure.forecast.at(50) if measure.forecast else None),
            "not known" if measure.p_breach is None else f"{measure.p_breach:.0%}",
            f"{measure.breach_on}" if measure.breach_on else "",
            " ".join("–" if one.rate is None else f"{one.rate:.2f}" for one in measure.burn),
            status_of(measure).replace("_", " "),
        ]
        for measure in measures
    ]
    table(columns, rows, right=("Amount", "Actual", "Forecast", "P(breach)", "Burn 1d 3d 7d"))
    for fault in faults:
        click.echo(f"{printable(fault.budget)}: {printable(fault.message)}.", err=True)
