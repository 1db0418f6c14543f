"""`bursar costs`: one question about cost, answered in rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, table
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from bursar.query.ask import Answer, Row
    from bursar.query.question import Query

EPILOG = """\b
Examples:
  bursar costs --group-by team
  bursar costs --group-by service_name --window 30d --granularity day --format csv
  bursar costs --group-by team,env --period 2026-10 --compare previous_period --top 10
  bursar costs --group-by tag:product --filter "provider = 'aws' AND tag:env != 'prod'" """

METRICS = ("effective_cost", "billed_cost", "list_cost", "contracted_cost", "allocated_cost")
OPTIONS = ("metric", "group_by", "granularity", "window", "period", "filter", "having", "compare", "order", "top")


@click.command(epilog=EPILOG)
@click.option("--group-by", metavar="COLS", help="Up to four dimensions, as team,service_name or tag:KEY.")
@click.option(
    "--metric",
    type=click.Choice(METRICS),
    help="effective_cost is direct, allocated_cost is after shared costs are split (default: effective_cost).",
)
@click.option(
    "--window",
    metavar="WINDOW",
    help="Charge days: today, yesterday, week, month, lastweek, lastmonth, 30d, YYYY-MM or START..END (end exclusive).",
)
@click.option("--period", metavar="YYYY-MM", help="A billing period (default: the latest).")
@click.option("--granularity", type=click.Choice(["day", "week", "month", "total"]), help="Size of a bucket (default: month).")
@click.option("--filter", metavar="EXPR", help="Which charges, as provider = 'aws' AND tag:env != 'prod'.")
@click.option("--having", metavar="EXPR", help="Which groups, by their sum, as value > 100.")
@click.option("--compare", metavar="WITH", help="previous_period, previous_year or START..END; an open month meets the same days.")
@click.option("--top", metavar="N", help="The N largest groups of each currency; the rest is one row, other.")
@click.option("--order", type=click.Choice(["value", "name"]), help="Largest first, or by name (default: value).")
@click.option("--as-of", "as_of", metavar="DATE", help="What was believed on a day, YYYY-MM-DD.")
@format_option
@click.pass_context
def costs(ctx: click.Context, as_of: str | None, output: str | None, **parts: str | None) -> None:
    """Costs by any dimension: one row per group, bucket and currency.

    A window counts charge days (UTC), relative ones from the data's latest day; a period counts a billing period.
    """
    from bursar.query.ask import ask
    from bursar.query.question import read_query
    from bursar.surfaces.cli.moments import generation_as_of
    from bursar.surfaces.documents import costs as listing_of
    from bursar.surfaces.documents import csv_text

    query = read_query({name: text for name, text in parts.items() if text is not None})
    app = opened(ctx)
    answer = ask(query, generation=generation_as_of(app, as_of), warehouse=app.warehouse)
    listing = listing_of(answer)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif answer.rows:
        _show(answer)
    if not answer.rows and output != "json":
        click.echo(answer.why, err=True)
    elif output in {None, "table"} and not shared(ctx)["quiet"]:
        click.echo(f"Generation {answer.generation}, read from {answer.table}.", err=True)


def _show(answer: Answer) -> None:
    """The rows for people, with the total of each currency below."""
    from bursar.query.catalogue import DIMENSIONS, METRICS
    from bursar.query.filters import field_text

    compares = answer.query.compare is not None
    dimensions = [DIMENSIONS.get(field_text(field), field_text(field)) for field in answer.query.group_by]
    heading = METRICS[answer.query.metric].title
    columns = [_bucket(answer.query), *dimensions, "Currency", heading, *(["Compared", "Change"] if compares else [])]
    rows = [_cells(row, compares=compares) for row in answer.rows]
    if len(answer.rows) > 1:
        rows += [["Total", *([""] * len(dimensions)), *cells] for cells in _totals(answer, compares=compares)]
    table(columns, rows, right=(heading, "Compared", "Change"))


def _totals(answer: Answer, *, compares: bool) -> Iterator[list[str]]:
    """Currency, sum, and what it is compared with: not known where no row knows it."""
    from bursar.domain.money import total
    from bursar.query.ask import totals

    for currency, whole in totals(answer).items():
        known = [row.previous for row in answer.rows if row.currency == currency and row.previous is not None]
        before = total(known) if known else None
        change = None if before is None else whole - before
        yield [currency, amount(whole), *([amount(before), amount(change)] if compares else [])]


def _cells(row: Row, *, compares: bool) -> list[str]:
    keys = ["–" if key is None else key for key in row.keys]
    change = None if row.previous is None else row.value - row.previous
    return [_days(row), *keys, row.currency, amount(row.value), *([amount(row.previous), amount(change)] if compares else [])]


def _bucket(query: Query) -> str:
    """What the first column holds: charge days of a window, or a billing period, cut to size."""
    whole = "Days" if query.window else "Period"
    return {"day": "Day", "week": "Week"}.get(query.granularity, whole)


def _days(row: Row) -> str:
    """A bucket's days as people say them: a day, a month, or the first and last day."""
    last = row.end - timedelta(days=1)
    if row.start == last:
        return row.start.isoformat()
    whole_month = row.start.day == 1 and row.end.day == 1 and last.month == row.start.month and last.year == row.start.year
    return f"{row.start:%Y-%m}" if whole_month else f"{row.start} to {last}"
