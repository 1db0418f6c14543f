"""How rows leave the command line: a table for people, JSON and CSV for scripts, always on stdout."""

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal

import click

from bursar.domain.money import plain

FORMATS = ("table", "json", "csv")
MINUS = "\u2212"
WRONG = frozenset({"quarantined", "refused"})
"""Outcomes of deliveries that somebody has to mend."""

format_option = click.option(
    "--format", "output", type=click.Choice(FORMATS), default=None, help="Table on a terminal (the default), or JSON, or CSV."
)
"""The option every listing verb takes."""


def amount(value: Decimal | None, *, digits: int = 2) -> str:
    """Money for people: thousands separators, cents, a real minus; 'not known' for None."""
    if value is None:
        return "not known"
    text = f"{abs(value):,.{digits}f}"
    return f"{MINUS}{text}" if value < 0 and float(text.replace(",", "")) else text


def document(content: Mapping[str, object]) -> None:
    """One JSON document; decimals as plain strings."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=_plain))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = (), title: str = "") -> None:
    """A table as wide as it needs to be; figures in the `right` columns are right-aligned."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for name in columns:
        drawn.add_column(name, justify="right" if name in right else "left", no_wrap=name in right, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False, soft_wrap=False).print(drawn)


def tell_not_shown(outcome: str, name: str, *, cause: str, cure: str) -> None:
    """A delivery that is not shown, on stderr: held, refused, waiting, or older than what is."""
    colour = "red" if outcome in WRONG else "yellow"
    head = outcome.capitalize() if outcome in {*WRONG, "waiting"} else "Not shown"
    click.echo(f"\n{click.style(head, fg=colour, bold=True)}  {printable(name)}", err=True)
    click.echo(f"  {click.style('Cause', fg=colour)}  {printable(cause)}", err=True)
    click.echo(f"  {click.style('Cure', fg='green')}   {printable(cure)}", err=True)


def printable(text: str) -> str:
    """The text without control and direction characters: names come from strangers' tags and must not steer a terminal."""
    return "".join(sign for sign in text if sign.isprintable())


def comma_separated(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> None:
    """CSV with a header, each text cell harmless in a spreadsheet."""
    from bursar.surfaces.documents import Listing, csv_text

    listing = Listing(document={}, columns=tuple(columns), rows=[[row.get(name) for name in columns] for row in rows])
    click.echo(csv_text(listing), nl=False)


def _plain(value: object) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
