"""The first half of the demo's story: every bill equals its invoice and belongs to somebody."""

import shutil
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, table
from bursar.surfaces.cli.stage import FIRST, LAST, LATER, ROWS, Stage, signed

if TYPE_CHECKING:
    from bursar.ingestion.outcomes import Outcome

RULE = "  team:\n    - {tags: [team, owner, squad, cost-center], map: {paymets: payments, webb: web}}\n    - {default: unallocated}\n"
TYPO, TEAM = "paymets", "payments"
SERVICE = "checkout-api"


def close_month(stage: Stage) -> None:
    """The second month arrives whole, without what was deleted in it, and equals its invoices."""
    from bursar import bootstrap

    stage.clock.set(LATER)
    shutil.rmtree(stage.bills)
    bootstrap.simulate(stage.bills, first=FIRST, months=2, rows=ROWS, organisations=1, applied=stage.app.config.home / bootstrap.ESTATE)
    _ingest(stage)
    _reconcile(stage)


def tell_bills(stage: Stage) -> None:
    """From whose it is to what a request costs."""
    for one in (_owners, _rule, _again, _contradiction, _unit_cost):
        one(stage)


def _ingest(stage: Stage) -> None:
    with stage.step("The month is over: its bills arrive whole, with their invoices", "bursar run --once"):
        done = stage.rounds.once()
    told(done.outcomes)
    for strange in dict.fromkeys(line for one in done.outcomes for line in one.unknown):
        click.echo(f"  {click.style('not understood', fg='yellow')}  {strange}")
    _restated(stage)


def _restated(stage: Stage) -> None:
    from bursar.lake.reports import restatements

    for version in restatements(stage.app.store)[:1]:
        for currency, change in (version.change or {}).items():
            click.echo(f"  {version.source} {version.period} was replaced whole: {signed(change.billed)} {currency}; history keeps both")


def _reconcile(stage: Stage) -> None:
    from bursar.lake.reports import reconciliation

    with stage.step("Does every bill equal its invoice?", "bursar reconcile"):
        head = stage.app.lake.head()
        rows = reconciliation(stage.app.store, n=head.n) if head else []
    shown = [
        (
            row.billing_period,
            row.provider,
            row.invoice_id,
            amount(row.billed_cost),
            amount(row.invoice_total),
            amount(row.difference),
            row.status,
        )
        for row in rows
    ]
    table(
        ("Period", "Provider", "Invoice", "Billed", "Invoice total", "Difference", ""),
        shown,
        right=("Billed", "Invoice total", "Difference"),
    )
    good = sum(row.status == "reconciled" and not row.difference for row in rows)
    click.echo(f"  {click.style(f'{good} of {len(rows)} invoices agree to the cent', bold=True)}, every line accounted for")


def _owners(stage: Stage) -> None:
    with stage.step("Whose is it?", f"bursar costs --group-by team --period {LAST} --granularity total"):
        totals = _by_team(stage)
    _teams(totals)


def _rule(stage: Stage) -> None:
    before = _by_team(stage)
    with stage.step(f"Somebody tagged {TYPO!r}. One line in rules.yaml, no bill is read again", "bursar build"):
        rules = (stage.project / "rules.yaml").read_text("utf-8")
        head, _, rest = rules.partition("  team:\n")
        (stage.project / "rules.yaml").write_text(head + RULE + rest[rest.index("  service:") :], "utf-8")
        stage.app.publish()
    after = _by_team(stage)
    for currency in sorted({currency for _, currency in before}):
        moved = before.get((TYPO, currency), Decimal(0))
        gained = after[TEAM, currency] - before.get((TEAM, currency), Decimal(0))
        total = sum((value for (_, held), value in after.items() if held == currency), Decimal(0))
        stands = "as before" if total == sum((value for (_, held), value in before.items() if held == currency), Decimal(0)) else "MOVED"
        if moved:
            click.echo(f"  {TYPO} {signed(-moved)}, {TEAM} {signed(gained)} {currency}; total {amount(total)} {stands}")


def _again(stage: Stage) -> None:
    with stage.step("The same bills are delivered again", "bursar ingest bills/"):
        done = stage.app.ingest([stage.bills])
    click.echo(f"  {len(done.outcomes)} deliveries known, nothing changed; generation {done.generation} stands")


def _contradiction(stage: Stage) -> None:
    from bursar import bootstrap

    bootstrap.simulate(stage.early, clouds=("aws",), first=FIRST, months=1, rows=1000, deliveries="aws-contradicts-invoice")
    (folder,) = (stage.early / "deliveries").iterdir()
    with stage.step("A delivery contradicts its invoice", "bursar ingest october-again/"):
        done = stage.app.ingest([folder])
    for one in done.outcomes:
        if one.outcome == "quarantined":
            click.echo(f"  {click.style('quarantined', fg='red')}  {one.cause}")
            click.echo("  the good delivery stays live; Data health shows both")


def _unit_cost(stage: Stage) -> None:
    from bursar.query.units import unit_costs

    with stage.step(f"What does a request of {SERVICE} cost?", f"bursar costs --filter \"service = '{SERVICE}'\"   (and units.yaml)"):
        head = stage.app.lake.head()
        found = unit_costs("requests", period=LAST, service=SERVICE, generation=head, warehouse=stage.app.warehouse) if head else []
    rows = [
        (
            one.tenant,
            f"{one.quantity:,.0f}",
            amount(one.loaded),
            one.currency,
            amount(one.unit_loaded and one.unit_loaded * 1000, digits=4),
        )
        for one in found
    ]
    table(("Tenant", "Requests", "Cost", "", "per 1,000"), rows, right=("Requests", "Cost", "per 1,000"))


def _by_team(stage: Stage) -> dict[tuple[str, str], Decimal]:
    from bursar.query.ask import ask
    from bursar.query.question import read_query

    query = read_query({"group_by": "team", "period": LAST, "granularity": "total"})
    answer = ask(query, generation=stage.app.lake.head(), warehouse=stage.app.warehouse)
    return {(str(row.keys[0]), row.currency): row.value for row in answer.rows}


def told(outcomes: "Sequence[Outcome]") -> None:
    """What was published, by source and period."""
    rows: list[Sequence[str]] = [
        (str(one.source), str(one.format), str(one.period), f"{one.rows:,}", currency, amount(four.billed), amount(four.effective))
        for one in outcomes
        if one.outcome == "published"
        for currency, four in one.sums.items()
    ]
    table(
        ("Source", "Format", "Period", "Rows", "", "Billed", "Effective"),
        sorted(set(map(tuple, rows))),
        right=("Rows", "Billed", "Effective"),
    )


def _teams(totals: "dict[tuple[str, str], Decimal]") -> None:
    currencies = sorted({currency for _, currency in totals})
    sizes = {team: max(totals.get((team, currency), Decimal(0)) for currency in currencies) for team, _ in totals}
    names = sorted(sizes, key=lambda team: (team == "unallocated", -sizes[team]))
    rows = [(name, *(amount(totals[name, currency]) if (name, currency) in totals else "" for currency in currencies)) for name in names]
    sums = [amount(sum((value for (_, held), value in totals.items() if held == currency), Decimal(0))) for currency in currencies]
    table(("Team", *currencies), [*rows, ("Total", *sums)], right=currencies)
