"""`bursar demo`: the main job on a simulated three-cloud estate, told step by step, then the page."""

import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, table
from bursar.surfaces.cli.serve import serving
from bursar.surfaces.cli.wiring import shared

if TYPE_CHECKING:
    from bursar.loop import Bursar, Ingested

EPILOG = """\b
Examples:
  bursar demo --once      the story in the terminal
  bursar demo             the story, then http://127.0.0.1:8080/"""

FIRST, LAST = "2026-09", "2026-10"
ROWS = 12_000
RULE = "  team:\n    - {tags: [team, owner, squad, cost-center], map: {paymets: payments, webb: web}}\n    - {default: unallocated}\n"
TYPO, TEAM = "paymets", "payments"
SERVICE = "checkout-api"


@click.command(epilog=EPILOG)
@click.option("--once", is_flag=True, help="Tell the story and exit.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port of the page; 0 takes a free one.")
@click.pass_context
def demo(ctx: click.Context, *, once: bool, port: int) -> None:
    """Two months of three clouds: simulated, ingested, reconciled, allocated, and shown.

    Runs the real pipeline on native bills; no account, no network. State goes to <home>/demo and is made anew each time.
    """
    from bursar import bootstrap

    began = time.monotonic()
    folder = bootstrap.home_of(shared(ctx)["home"]) / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    story = Story(folder)
    story.tell()
    click.echo(f"\n{click.style('Done', bold=True)} in {time.monotonic() - began:.0f} s. Everything is in {folder}")
    if once:
        click.echo(f"Next:  {click.style('bursar demo', fg='cyan')}   (the same, then the page)")
        click.echo(f"       {click.style('bursar ingest YOUR-BILL.csv', fg='cyan')}")
        return
    serving(story.app, port)


class Story:
    """The steps, each with the command that does the same."""

    def __init__(self, folder: Path) -> None:
        from bursar import bootstrap
        from bursar.operations.project import write_project

        self.bills, self.early, self.project = folder / "bills", folder / "october", folder / "project"
        write_project(self.project)
        self._number = 0
        self._home = folder / "state"
        self.app: Bursar = bootstrap.open_bursar(bootstrap.Options(config=self.project / "bursar.yaml", home=self._home))

    def tell(self) -> None:
        """Tell every step in order."""
        self._simulate()
        self._open_month()
        self._ingest()
        self._reconcile()
        self._owners()
        self._rule()
        self._again()
        self._contradiction()
        self._unit_cost()

    def _simulate(self) -> None:
        from bursar import bootstrap

        with self._step("Three clouds send two months of bills", f"bursar simulate --out bills --from {FIRST} --months 2"):
            bootstrap.simulate(self.bills, first=FIRST, months=2, rows=ROWS)
            bootstrap.simulate(self.early, clouds=("aws",), first=FIRST, months=1, rows=1000, deliveries="all")
        files = [path for path in self.bills.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        click.echo(
            f"  {len(files)} files, {size / 1e6:.1f} MB: CUR 2.0 and legacy, a BigQuery extract, EA and MCA cost details, invoices, usage"
        )

    def _open_month(self) -> None:
        folder = next(path for path in sorted((self.early / "deliveries").iterdir()) if path.name.endswith("aws-partial"))
        with self._step("October is still running: AWS delivers the first days", "bursar ingest october/"):
            done = self.app.ingest([folder])
        self._told(done)
        click.echo("  no invoice yet: the month is open, and says so")

    def _ingest(self) -> None:
        with self._step("Both months arrive whole, with their invoices", "bursar ingest bills/"):
            done = self.app.ingest([self.bills])
        self._told(done)
        for strange in dict.fromkeys(line for one in done.outcomes for line in one.unknown):
            click.echo(f"  {click.style('not understood', fg='yellow')}  {strange}")
        self._restated()

    def _restated(self) -> None:
        from bursar.lake.reports import restatements

        for version in restatements(self.app.store)[:1]:
            for currency, change in (version.change or {}).items():
                click.echo(
                    f"  {version.source} {version.period} was replaced whole: {_signed(change.billed)} {currency}; history keeps both"
                )

    def _reconcile(self) -> None:
        from bursar.lake.reports import reconciliation

        with self._step("Does every bill equal its invoice?", "bursar reconcile"):
            head = self.app.lake.head()
            rows = reconciliation(self.app.store, n=head.n) if head else []
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

    def _owners(self) -> None:
        with self._step("Whose is it?", f"bursar costs --group-by team --period {LAST} --granularity total"):
            totals = self._by_team()
        _teams(totals)

    def _rule(self) -> None:
        before = self._by_team()
        with self._step(f"Somebody tagged {TYPO!r}. One line in rules.yaml, no bill is read again", "bursar build"):
            rules = (self.project / "rules.yaml").read_text("utf-8")
            head, _, rest = rules.partition("  team:\n")
            (self.project / "rules.yaml").write_text(head + RULE + rest[rest.index("  service:") :], "utf-8")
            self.app.publish()
        after = self._by_team()
        for currency in sorted({currency for _, currency in before}):
            moved = before.get((TYPO, currency), Decimal(0))
            gained = after[TEAM, currency] - before.get((TEAM, currency), Decimal(0))
            total = sum((value for (_, held), value in after.items() if held == currency), Decimal(0))
            stands = (
                "as before" if total == sum((value for (_, held), value in before.items() if held == currency), Decimal(0)) else "MOVED"
            )
            if moved:
                click.echo(f"  {TYPO} {_signed(-moved)}, {TEAM} {_signed(gained)} {currency}; total {amount(total)} {stands}")

    def _again(self) -> None:
        with self._step("The same bills are delivered again", "bursar ingest bills/"):
            done = self.app.ingest([self.bills])
        click.echo(f"  {len(done.outcomes)} deliveries known, nothing changed; generation {done.generation} stands")

    def _contradiction(self) -> None:
        folder = next(path for path in (self.early / "deliveries").iterdir() if path.name.endswith("contradicts-invoice"))
        with self._step("A delivery contradicts its invoice", "bursar ingest october-again/"):
            done = self.app.ingest([folder])
        for one in done.outcomes:
            if one.outcome == "quarantined":
                click.echo(f"  {click.style('quarantined', fg='red')}  {one.cause}")
                click.echo("  the good delivery stays live; Data health shows both")

    def _unit_cost(self) -> None:
        from bursar.query.units import unit_costs

        with self._step(f"What does a request of {SERVICE} cost?", f"bursar costs --filter \"service = '{SERVICE}'\"   (and units.yaml)"):
            head = self.app.lake.head()
            found = unit_costs("requests", period=LAST, service=SERVICE, generation=head, warehouse=self.app.warehouse) if head else []
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

    def _by_team(self) -> dict[tuple[str, str], Decimal]:
        from bursar.query.ask import ask
        from bursar.query.question import read_query

        query = read_query({"group_by": "team", "period": LAST, "granularity": "total"})
        answer = ask(query, generation=self.app.lake.head(), warehouse=self.app.warehouse)
        return {(str(row.keys[0]), row.currency): row.value for row in answer.rows}

    def _told(self, done: "Ingested") -> None:
        rows: list[Sequence[str]] = [
            (str(one.source), str(one.format), str(one.period), f"{one.rows:,}", currency, amount(four.billed), amount(four.effective))
            for one in done.outcomes
            if one.outcome == "published"
            for currency, four in one.sums.items()
        ]
        table(
            ("Source", "Format", "Period", "Rows", "", "Billed", "Effective"),
            sorted(set(map(tuple, rows))),
            right=("Rows", "Billed", "Effective"),
        )

    @contextmanager
    def _step(self, title: str, command: str) -> "Generator[None]":
        self._number += 1
        click.echo(f"\n{click.style(f'{self._number}. {title}', bold=True)}")
        click.echo(click.style(f"   $ {command}", fg="cyan"))
        began = time.monotonic()
        yield
        click.echo(click.style(f"   {time.monotonic() - began:.1f} s", dim=True))


def _teams(totals: "dict[tuple[str, str], Decimal]") -> None:
    currencies = sorted({currency for _, currency in totals})
    sizes = {team: max(totals.get((team, currency), Decimal(0)) for currency in currencies) for team, _ in totals}
    names = sorted(sizes, key=lambda team: (team == "unallocated", -sizes[team]))
    rows = [(name, *(amount(totals[name, currency]) if (name, currency) in totals else "" for currency in currencies)) for name in names]
    sums = [amount(sum((value for (_, held), value in totals.items() if held == currency), Decimal(0))) for currency in currencies]
    table(("Team", *currencies), [*rows, ("Total", *sums)], right=currencies)


def _signed(value: Decimal) -> str:
    return f"+{amount(value)}" if value > 0 else amount(value)
