"""`bursar ingest`: what arrived, what is in it, and what became of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.domain.errors import ConfigError
from bursar.surfaces.cli.moments import moment
from bursar.surfaces.cli.render import WRONG, printable, tell_not_shown
from bursar.surfaces.cli.wiring import EXIT_BILL, opened, shared

if TYPE_CHECKING:
    from bursar.ingestion.outcomes import Outcome
    from bursar.lake.reports import Reconciled
    from bursar.loop import Bursar, Ingested

EPILOG = """\b
Examples:
  bursar ingest bill.csv
  bursar ingest exports/ invoices.csv
  bursar ingest --format azure-cost october.csv"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "named", default="auto", show_default=True, help="Format of loose files, when their header does not tell.")
@click.option("--exported-at", metavar="WHEN", help="When loose files were exported, YYYY-MM-DD or with a time, UTC: the newest is shown.")
@click.option("--source", help="Pull this source of bursar.yaml instead of paths.")
@click.option("--no-build", is_flag=True, help="Stage only; `bursar build` publishes.")
@click.pass_context
def ingest(ctx: click.Context, *, paths: tuple[Path, ...], named: str, exported_at: str | None, source: str | None, no_build: bool) -> None:
    """Take bills, invoices and metrics in from files and folders, and publish them.

    Every export under a folder is recognised from its manifest, layout or header. A wrong bill is quarantined and said
    (exit 3); everything else goes on.
    """
    if bool(paths) == bool(source):
        raise ConfigError(
            "both paths and --source were given" if source else "nothing to ingest was named",
            cure="Give the paths of bills, or --source NAME. For example: bursar ingest bill.csv",
        )
    exported = moment(exported_at) if exported_at else None
    app = opened(ctx)
    if source:
        paths, named = _source(app, source)
    quiet = shared(ctx)["quiet"]
    done = app.ingest(paths, named=named, exported_at=exported, build=not no_build, read=(lambda _: None) if quiet else _read)
    if not quiet:
        _report(app, done, built=not no_build)
    for one in done.outcomes:
        if one.cause and (one.outcome in WRONG or not quiet):
            tell_not_shown(one.outcome, one.name, cause=one.cause, cure=one.cure or "")
    if any(one.outcome in WRONG for one in done.outcomes):
        ctx.exit(EXIT_BILL)


def _source(app: "Bursar", name: str) -> tuple[tuple[Path, ...], str]:
    """The folder and format of a configured source."""
    for source in app.config.sources:
        if source.name == name:
            return (source.folder,), source.kind
    known = ", ".join(source.name for source in app.config.sources) or "none"
    raise ConfigError(f"no source named {name!r}", cure=f"Sources in bursar.yaml: {known}.")


def _read(outcomes: "Sequence[Outcome]") -> None:
    """What was read, told before it is built: the figures come first."""
    for one in outcomes:
        if one.outcome not in {*WRONG, "waiting"}:
            _tell(one)


def _report(app: "Bursar", done: "Ingested", *, built: bool) -> None:
    from bursar.domain.wording import count

    taken = [one for one in done.outcomes if one.outcome not in WRONG]
    if done.leftovers:
        told = count(done.leftovers, "file of earlier deliveries lies", "files of earlier deliveries lie")
        click.echo(f"\n{told} beside the live ones; not read.")
    if not done.outcomes:
        click.echo("Nothing to ingest was found there.")
    if not built:
        _waits(sum(one.outcome == "staged" for one in taken))
        return
    if done.generation is None:
        return
    state = f"Published as generation {done.generation}." if done.changed else f"Nothing changed; generation {done.generation} stands."
    click.echo(f"\n{click.style(state, bold=True)} {_standing(app, taken)}")
    click.echo(f"Next:  {click.style(_next(app, taken), fg='cyan')}")


def _waits(staged: int) -> None:
    """What `--no-build` came to: nothing that a reader sees."""
    from bursar.domain.wording import count

    if staged:
        told = count(staged, "delivery is staged", "deliveries are staged")
        click.echo(f"\n{click.style(f'{told}, nothing is published yet.', bold=True)}\nNext:  {click.style('bursar build', fg='cyan')}")
    else:
        click.echo("\nNothing new is staged.")


def _tell(one: "Outcome") -> None:
    from bursar.domain.wording import count
    from bursar.surfaces.cli.render import amount

    head = click.style(printable(one.name), bold=True)
    became = "read" if one.outcome == "staged" else one.outcome
    if became == "unchanged":
        click.echo(f"{head}  unchanged: these bytes were taken before")
        return
    if not one.sums:
        click.echo(f"{head}  {one.format}{f' {one.period}' if one.period else ''}, {count(one.rows or 0, 'row')}, {became}")
        return
    click.echo(f"{head}  {became}")
    click.echo(f"  format {one.format} · period {one.period} · {count(one.rows or 0, 'row')} · source {one.source}")
    click.echo(f"  {'currency':8}  {'billed':>18}  {'effective':>18}  {'contracted':>18}  {'list':>18}")
    for currency, four in sorted(one.sums.items()):
        costs = (four.billed, four.effective, four.contracted, four.list)
        click.echo(f"  {currency:8}  " + "  ".join(f"{amount(cost):>18}" for cost in costs))
    for strange in one.unknown:
        click.echo(f"  {click.style('not understood', fg='yellow')}  {printable(strange)}")
    if not one.unknown:
        click.echo("  not understood: nothing")


def _standing(app: "Bursar", taken: "Sequence[Outcome]") -> str:
    """How the periods just taken stand to their invoices, in a sentence."""
    from bursar.domain.wording import count

    rows = _reconciled(app, taken)
    known = [row for row in rows if row.invoice_total is not None]
    if not rows:
        return ""
    if not known:
        return "No invoice given: not reconciled."
    good = sum(row.status == "reconciled" for row in known)
    rest = f"; {count(len(rows) - len(known), 'invoice key has none', 'invoice keys have none')}" if len(rows) > len(known) else ""
    return f"{good} of {count(len(known), 'invoice')} reconciled{rest}."


def _next(app: "Bursar", taken: "Sequence[Outcome]") -> str:
    rows = _reconciled(app, taken)
    if rows and all(row.invoice_total is None for row in rows):
        return "bursar ingest invoices.csv   (then: bursar reconcile)"
    return "bursar reconcile" if any(row.status != "reconciled" for row in rows) else "bursar costs --group-by team"


def _reconciled(app: "Bursar", taken: "Sequence[Outcome]") -> "list[Reconciled]":
    from bursar.lake.reports import reconciliation

    head = app.lake.head()
    periods = {one.period for one in taken if one.period}
    found = reconciliation(app.store, n=head.n) if head else []
    return [row for row in found if not periods or row.billing_period in periods]
