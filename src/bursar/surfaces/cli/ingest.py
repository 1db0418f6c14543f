"""`bursar ingest`: what arrived, what is in it, and what became of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.moments import moment
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from bursar.ingestion.outcomes import Outcome
    from bursar.lake.reports import Reconciled
    from bursar.loop import Bursar, Ingested

EXIT_BILL = 3
WRONG = frozenset({"quarantined", "refused"})

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
def ingest(
    ctx: click.Context, *, paths: tuple[Path, ...], named: str, exported_at: str | None, source: str | None, no_build: bool
) -> None:
    """Take bills, invoices and metrics in from files and folders, and publish them.

    Every export under a folder is recognised from its manifest, layout or header. A wrong bill is quarantined and said
    (exit 3); everything else goes on.
    """
    if bool(paths) == bool(source):
        raise click.UsageError("Give the paths of bills, or --source NAME. For example: bursar ingest bill.csv")
    exported = moment(exported_at) if exported_at else None
    app = opened(ctx)
    if source:
        paths, named = _source(app, source)
    quiet = shared(ctx)["quiet"]
    done = app.ingest(paths, named=named, exported_at=exported, build=not no_build, read=(lambda _: None) if quiet else _read)
    if not quiet:
        _report(app, done)
    for one in done.outcomes:
        if one.cause and (one.outcome in WRONG or not quiet):
            _why(one)
    if any(one.outcome in WRONG for one in done.outcomes):
        ctx.exit(EXIT_BILL)


def _source(app: "Bursar", name: str) -> tuple[tuple[Path, ...], str]:
    """The folder and format of a configured source."""
    from bursar.domain.errors import ConfigError

    for source in app.config.sources:
        if source.name == name:
            if not source.uri.startswith("file://"):
                raise ConfigError(
                    f"source {name}: cannot read {source.uri.partition('://')[0]}:// yet",
                    cure="Copy the export to a folder and use a file:// uri.",
                )
            return (Path(source.uri.removeprefix("file://")),), source.kind
    known = ", ".join(source.name for source in app.config.sources) or "none"
    raise ConfigError(f"no source named {name!r}", cure=f"Sources in bursar.yaml: {known}.")


def _why(one: "Outcome") -> None:
    """A delivery that is not shown: held, refused, or older than what is."""
    head, colour = (one.outcome.capitalize(), "red") if one.outcome in WRONG else ("Not shown", "yellow")
    click.echo(f"\n{click.style(head, fg=colour, bold=True)}  {one.name}", err=True)
    click.echo(f"  {click.style('Cause', fg=colour)}  {one.cause}", err=True)
    click.echo(f"  {click.style('Cure', fg='green')}   {one.cure}", err=True)


def _read(outcomes: "Sequence[Outcome]") -> None:
    """What was read, told before it is built: the figures come first."""
    for one in outcomes:
        if one.outcome not in WRONG:
            _tell(one)


def _report(app: "Bursar", done: "Ingested") -> None:
    taken = [one for one in done.outcomes if one.outcome not in WRONG]
    if done.leftovers:
        click.echo(f"\n{done.leftovers} files of earlier deliveries lie beside the live ones and were not read.")
    if not done.outcomes:
        click.echo("Nothing to ingest was found there.")
    if done.generation is None:
        return
    state = f"Published as generation {done.generation}." if done.changed else f"Nothing changed; generation {done.generation} stands."
    click.echo(f"\n{click.style(state, bold=True)} {_standing(app, taken)}")
    click.echo(f"Next:  {click.style(_next(app, taken), fg='cyan')}")


def _tell(one: "Outcome") -> None:
    from bursar.surfaces.cli.render import amount

    head = click.style(one.name, bold=True)
    became = "read" if one.outcome == "staged" else one.outcome
    if became == "unchanged":
        click.echo(f"{head}  unchanged: these bytes were taken before")
        return
    if not one.sums:
        click.echo(f"{head}  {one.format}{f' {one.period}' if one.period else ''}, {one.rows or 0:,} rows, {became}")
        return
    click.echo(f"{head}  {became}")
    click.echo(f"  format {one.format} · period {one.period} · {one.rows:,} rows · source {one.source}")
    click.echo(f"  {'currency':8}  {'billed':>18}  {'effective':>18}  {'contracted':>18}  {'list':>18}")
    for currency, four in sorted(one.sums.items()):
        costs = (four.billed, four.effective, four.contracted, four.list)
        click.echo(f"  {currency:8}  " + "  ".join(f"{amount(cost):>18}" for cost in costs))
    for strange in one.unknown:
        click.echo(f"  {click.style('not understood', fg='yellow')}  {strange}")
    if not one.unknown:
        click.echo("  not understood: nothing")


def _standing(app: "Bursar", taken: "Sequence[Outcome]") -> str:
    """How the periods just taken stand to their invoices, in a sentence."""
    rows = _reconciled(app, taken)
    known = [row for row in rows if row.invoice_total is not None]
    if not rows:
        return ""
    if not known:
        return "No invoice given: not reconciled."
    good = sum(row.status == "reconciled" for row in known)
    rest = f", {len(rows) - len(known)} keys without one" if len(rows) > len(known) else ""
    return f"{good} of {len(known)} invoices reconciled{rest}."


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
