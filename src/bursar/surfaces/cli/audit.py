"""`bursar audit`: whether the journal is the one that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.domain.errors import Refused
from bursar.surfaces.cli.render import comma_separated, document, format_option, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.operations.audit import Verified

EPILOG = """\b
Examples:
  bursar audit verify
  bursar audit verify --anchor 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"""


@click.group(epilog=EPILOG)
def audit() -> None:
    """The journal's chain, and every message it tells of."""


@audit.command(epilog=EPILOG)
@click.option("--anchor", default="", metavar="SEQ:HASH", help="The head that an earlier verify printed; finds a tail cut since.")
@format_option
@click.pass_context
def verify(ctx: click.Context, anchor: str, output: str | None) -> None:
    """Check every entry, the anchor, and that everything sent has its entry. Exits 1 naming each row that is not as written."""
    from bursar.domain.wording import count
    from bursar.operations.audit import verify as check

    found = check(opened(ctx).store, anchor=anchor)
    rows = [{"row": flaw.row, "problem": flaw.problem} for flaw in found.flaws]
    if output == "json":
        document({"entries": found.entries, "sent": found.sent, "head": found.head, "rows": rows})
    elif output == "csv":
        comma_separated(("row", "problem"), rows)
    else:
        _show(found)
    if rows:
        cure = "Compare with a backup, and find out who had the database file."
        raise Refused(f"{count(len(rows), 'row')} not as written: {', '.join(flaw.row for flaw in found.flaws[:3])}", cure=cure)


def _show(found: Verified) -> None:
    from bursar.domain.wording import count

    entries = "1 entry, whole" if found.entries == 1 else f"{found.entries:,} entries, whole"
    if not found.flaws:
        click.echo(f"{entries if found.entries else 'No entry yet'}; {count(found.sent, 'message')} sent, each in the journal.")
    else:
        table(("Row", "Problem"), [[flaw.row, flaw.problem] for flaw in found.flaws])
    click.echo(f"Head  {found.head}")
