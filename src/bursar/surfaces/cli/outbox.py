"""`bursar outbox`: what must be said outside and how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import comma_separated, document, format_option, table
from bursar.surfaces.cli.subject import me
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.store.outbox import Row

EPILOG = """\b
Examples:
  bursar outbox list
  bursar outbox list --state dead --format json
  bursar outbox retry incident:3f2a90c1d4e8:S2"""
LIST_EPILOG = """\b
Example:
  bursar outbox list --state dead --state uncertain"""
RETRY_EPILOG = """\b
Example:
  bursar outbox retry incident:3f2a90c1d4e8:S2"""

STATES = ("ready", "sending", "uncertain", "done", "dead")
COLUMNS = ("key", "kind", "state", "attempts", "created_at", "not_before", "done_at", "title", "channel", "error", "receipt", "digest")


@click.group(epilog=EPILOG)
def outbox() -> None:
    """Messages that must be said once, and what became of them."""


@outbox.command("list", epilog=LIST_EPILOG)
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be repeated (default: all but done).")
@format_option
@click.pass_context
def list_(ctx: click.Context, states: tuple[str, ...], output: str | None) -> None:
    """Every message with its state, oldest first."""
    from bursar.store import outbox as box

    wanted = states or tuple(state for state in STATES if state != "done")
    with opened(ctx).store.connect().execution_options(read_only=True) as connection:
        rows = [_shown(row) for row in box.select(connection, states=wanted)]
    if output == "json":
        document({"rows": rows})
    elif output == "csv":
        comma_separated(COLUMNS, rows)
    elif rows:
        table(("Key", "State", "Attempts", "Since", "Next", "What"), [_cells(row) for row in rows], right=("Attempts",))
    if not rows and output is None:
        click.echo("Nothing waits." if not states else "No such message.", err=True)


@outbox.command("retry", epilog=RETRY_EPILOG)
@click.argument("key")
@click.pass_context
def retry(ctx: click.Context, key: str) -> None:
    """Let a dead message try again. What may have arrived is looked for before it is sent."""
    from bursar.store import outbox as box

    app = opened(ctx)
    with app.store.begin() as connection:
        row = box.retry(connection, key, now=app.clock(), actor=me())
    click.echo(f"{row.key} is {row.state} again; the next pass of the worker takes it.", err=True)


def _shown(row: Row) -> dict[str, object]:
    """A row as documents carry it."""
    found: dict[str, object] = {name: getattr(row, name) for name in COLUMNS if hasattr(row, name)}
    return {name: found.get(name, row.payload.get(name)) for name in COLUMNS}


def _cells(row: dict[str, object]) -> list[str]:
    what = f"{row['title'] or ''}" + (f"  [{row['error']}]" if row["error"] else "")
    following = row["not_before"] if row["state"] in {"ready", "uncertain"} else ""
    return [str(row["key"]), str(row["state"]), str(row["attempts"]), str(row["created_at"]), str(following), what]
