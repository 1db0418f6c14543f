"""`bursar reconcile`: how every invoice stands, and the waterfall of what is left."""

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.lake.reports import Reconciled

EPILOG = """\b
Examples:
  bursar reconcile
  bursar reconcile --period 2026-10 --format json"""

WORDS = {
    "reconciled": "reconciled",
    "within_tolerance": "within tolerance",
    "out_of_tolerance": "OUT OF TOLERANCE",
    "open": "open month",
    "no_invoice": "no invoice",
}


@click.command(epilog=EPILOG)
@click.option("--period", help="Billing period, YYYY-MM (default: all).")
@click.option("--as-of", "as_of", help="What was believed on a day, YYYY-MM-DD.")
@format_option
@click.pass_context
def reconcile(ctx: click.Context, period: str | None, as_of: str | None, output: str | None) -> None:
    """Every invoice with what was billed, the difference, and what explains it.

    Exit 3 when a closed invoice is out of tolerance.
    """
    from bursar.domain.periods import Period
    from bursar.lake.reports import reconciliation
    from bursar.surfaces import documents
    from bursar.surfaces.cli.moments import generation_as_of

    app = opened(ctx)
    generation = generation_as_of(app, as_of)
    wanted = str(Period.parse(period)) if period else None
    rows = reconciliation(app.store, n=generation.n, period=wanted) if generation else []
    listing = documents.reconciliation(rows)
    if output == "json":
        document({"generation": generation.n if generation else None, **listing.document})
    elif output == "csv":
        click.echo(documents.csv_text(listing), nl=False)
    else:
        _show(rows, wanted)
    if any(row.status == "out_of_tolerance" for row in rows):
        ctx.exit(3)


def _show(rows: "list[Reconciled]", period: str | None) -> None:
    if not rows:
        what = f" for {period}" if period else ""
        click.echo(f"Nothing is published{what} yet. Next:  bursar ingest bill.csv invoices.csv")
        return
    columns = ("Period", "Provider", "Account", "Invoice", "Currency", "Billed", "Invoice total", "Difference", "%", "How it stands")
    shown = [
        (
            row.billing_period,
            row.provider,
            row.billing_account_id,
            row.invoice_id,
            row.currency,
            amount(row.billed_cost),
            amount(row.invoice_total) if row.invoice_total is not None else "none",
            amount(row.difference),
            "" if row.difference_ratio is None else f"{row.difference_ratio * 100:.2f}",
            WORDS[row.status],
        )
        for row in rows
    ]
    table(columns, shown, right=("Billed", "Invoice total", "Difference", "%"))
    for row in rows:
        if row.waterfall or row.unexplained:
            _waterfall(row)
    if any(row.invoice_total is None for row in rows):
        click.echo("\nNo invoice given for some: not reconciled. Next:  bursar ingest invoices.csv")


def _waterfall(row: "Reconciled") -> None:
    click.echo(f"\n{row.invoice_id}: billed {amount(row.billed_cost)} against {amount(row.invoice_total)} {row.currency}")
    steps = [(step.name, amount(step.amount), step.proof) for step in row.waterfall]
    if row.lines == 0:
        steps.append(("no bill delivered", amount(row.difference), "no charge line of this invoice has arrived"))
    elif row.unexplained:
        steps.append(("unexplained", amount(row.unexplained), "nothing in the lines or the invoice accounts for it"))
    table(("Step", "Amount", "Proof"), steps, right=("Amount",))
