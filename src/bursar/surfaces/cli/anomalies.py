"""`bursar anomalies`: list incidents, look at one, and say what it was."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

import click

from bursar.surfaces.cli.render import amount, document, format_option, printable, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from datetime import date

    from bursar.anomaly.records import Kept

EPILOG = """\b
Examples:
  bursar anomalies list --status open
  bursar anomalies show 1db3e24515bd
  bursar anomalies feedback 1db3e24515bd planned --from 2026-10-15 --to 2026-10-31"""

STATUSES = ("open", "closed", "settled", "withheld", "retracted")
VERDICTS = ("expected", "planned", "false", "true")
WIDTH = 44


@click.group(epilog=EPILOG)
def anomalies() -> None:
    """Incidents: read them, and teach the detector."""


@anomalies.command("list", epilog="\b\nExample:\n  bursar anomalies list --status open --format json")
@click.option("--status", type=click.Choice(STATUSES), help="Only these (default: all).")
@format_option
@click.pass_context
def list_(ctx: click.Context, status: str | None, output: str | None) -> None:
    """Every incident, newest first."""
    from bursar.anomaly.records import kept
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.incidents import anomalies as listing_of

    with opened(ctx).store.connect().execution_options(read_only=True) as connection:
        found = kept(connection, status=status)
    listing = listing_of(found)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif found:
        _list(found)
    if not found and output != "json":
        click.echo("There are no such incidents. Look for some with:  bursar detect", err=True)


@anomalies.command(epilog="\b\nExample:\n  bursar anomalies show 1db3e24515bd")
@click.argument("incident", metavar="ID")
@click.option("--format", "output", type=click.Choice(["table", "json"]), default=None, help="For people (the default), or JSON.")
@click.pass_context
def show(ctx: click.Context, incident: str, output: str | None) -> None:
    """One incident: its days, why, and how to see it in the bill. A unique beginning of the ID will do."""
    from bursar.anomaly.records import find
    from bursar.domain.errors import ConfigError
    from bursar.surfaces.incidents import anomaly

    with opened(ctx).store.connect().execution_options(read_only=True) as connection:
        found = find(connection, incident)
    if found is None:
        raise ConfigError(f"there is no incident {incident!r}", cure="List them with: bursar anomalies list")
    if output == "json":
        document(anomaly(found))
    else:
        _show(found)


@anomalies.command(epilog="\b\nExample:\n  bursar anomalies feedback 1db3e24515bd planned --from 2026-10-15 --to 2026-10-31")
@click.argument("incident", metavar="ID")
@click.argument("verdict", type=click.Choice(VERDICTS))
@click.option("--from", "first", metavar="DATE", help="First day of what is planned (default: the incident's).")
@click.option("--to", "last", metavar="DATE", help="Last day of what is planned (default: the incident's).")
@click.option("--note", help="Why, for whoever asks later.")
@click.pass_context
def feedback(ctx: click.Context, incident: str, verdict: str, first: str | None, last: str | None, note: str | None) -> None:
    """Say what an incident was.

    expected: this level is right from now on. planned: leave these days out. false: it was nothing, be more patient with this
    series. true: it is real; stay as alert as ever.
    """
    from getpass import getuser

    from bursar.anomaly.feedback import Verdict, give

    app = opened(ctx)
    told = Verdict(name=verdict, by=getuser(), first=_day(first), last=_day(last), note=note)
    kept = give(app.store, incident, told, now=app.clock())
    click.echo(f"Noted: {kept.id} is {verdict}. It is {kept.status}.")


def _day(text: str | None) -> date | None:
    from datetime import date

    from bursar.domain.errors import ConfigError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ConfigError(f"not a day: {text!r}", cure="Write it as YYYY-MM-DD.") from error


def _list(found: list[Kept]) -> None:
    from bursar.anomaly.evidence import scope_text

    columns = ("Id", "Since", "Severity", "Status", "What", "Owner", "Expected", "Actual", "Excess", "Currency")
    rows = [
        [
            one.id, f"{one.onset}", one.severity, one.status, scope_text(one.scope), one.owner or "–", amount(one.expected),
            amount(one.actual), amount(one.excess), one.currency,
        ]
        for one in found
    ]  # fmt: skip
    table(columns, rows, right=("Expected", "Actual", "Excess"))


def _show(one: Kept) -> None:
    """The incident told top down: what, how much, which days, why, and where to look."""
    from bursar.anomaly.evidence import scope_text

    detail = one.detail
    days = f"{one.onset}" if one.onset == one.last_day else f"{one.onset} to {one.last_day}"
    click.echo(f"{click.style(f'{one.severity} {one.status}', bold=True)}  {printable(scope_text(one.scope))}, {days}")
    more = "more" if one.excess >= 0 else "less"
    click.echo(
        f"{amount(one.actual)} {one.currency} instead of {amount(one.expected)}: {amount(abs(one.excess))} {more}. "
        f"Owner: {printable(one.owner or 'nobody')}. Because: {detail.get('severity_rule')}."
    )
    if "run_rate_monthly" in detail:
        click.echo(f"The new level is {amount(Decimal(str(detail['run_rate_monthly'])))} {one.currency} a month.")
    click.echo()
    _chart(cast("list[dict[str, str | None]]", detail.get("days", [])), first=f"{one.onset}", last=f"{one.last_day}")
    _why(cast("list[dict[str, object]]", detail.get("causes", [])), one.currency)
    click.echo(f"\nSee it:  {printable(str(detail.get('command')))}")
    click.echo(f"Proof:   {printable(str(detail.get('evidence_sql')))}")


def _chart(days: list[dict[str, str | None]], *, first: str, last: str) -> None:
    """A bar for each of the last days, with a mark where it was expected to end."""
    shown = days[-28:]
    most = max((Decimal(day[name] or 0) for day in shown for name in ("actual", "expected")), default=Decimal(0)) or Decimal(1)
    for day in shown:
        told = f"{day['day']}"
        actual = Decimal(day["actual"]) if day["actual"] is not None else None
        bar = ["█"] * int(WIDTH * max(actual or Decimal(0), Decimal(0)) / most)
        bar += [" "] * (WIDTH + 1 - len(bar))
        if day["expected"] is not None:
            bar[min(int(WIDTH * Decimal(day["expected"]) / most), WIDTH)] = "│"
        text = "".join(bar)
        marked = click.style(text, fg="yellow") if first <= told <= last else text
        note = "" if day["status"] == "closed" else f"  {day['status']}"
        click.echo(f"  {told}  {amount(actual):>14}  {marked}{note}")


def _why(causes: list[dict[str, object]], currency: str) -> None:
    if not causes:
        return
    click.echo("\nWhy:")
    for cause in causes:
        scope = cast("dict[str, str | None]", cause["scope"])
        names = ", ".join(f"{name} {value or 'none'}" for name, value in scope.items())
        click.echo(f"  {Decimal(str(cause['share'])):>6.0%}  {amount(Decimal(str(cause['excess']))):>12} {currency}  {printable(names)}")
