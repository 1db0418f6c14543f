"""`bursar keys`: who may ask over HTTP, in which role, about which rows, until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import document, format_option, table
from bursar.surfaces.cli.subject import me
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from datetime import datetime

EPILOG = """\b
Examples:
  bursar keys create ana --role approver
  bursar keys create core-dashboard --role viewer --scope "team = 'core'" --expires 90d
  bursar keys list
  bursar keys revoke 3f2a90c1d4e8"""

DAYS = 365
"""How long a key lives when nobody says."""


@click.group(epilog=EPILOG)
def keys() -> None:
    """API keys. Once there was one, everybody who asks over HTTP needs one, on this machine too."""


@keys.command(epilog=EPILOG)
@click.argument("name")
@click.option("--role", required=True, metavar="ROLE", help="viewer, analyst, approver, operator or admin: each may what those before may.")
@click.option("--scope", metavar="EXPR", help="Only rows for which this filter holds, in every answer.")
@click.option("--expires", default=f"{DAYS}d", show_default=True, metavar="WHEN", help="YYYY-MM-DD, a moment, days such as 90d, or never.")
@click.option("--env", "environment", default="live", show_default=True, metavar="WORD", help="What the key's text carries: bur_WORD_…")
@click.pass_context
def create(ctx: click.Context, **given: str) -> None:
    """Make a key for NAME, who signs with it. Its text goes to stdout, once: what is kept is a hash."""
    from bursar.store import keys as store
    from bursar.surfaces.principal import read_scope

    app = opened(ctx)
    now = app.clock()
    scope = read_scope(given["scope"]) if given["scope"] else None
    wish = store.Wish(
        subject=given["name"].strip(),
        role=given["role"],
        scope=scope,
        expires=_moment(given["expires"], now),
        environment=given["environment"],
    )
    with app.store.begin() as connection:
        made, text = store.create(connection, wish, actor=me(), now=now)
    click.echo(text)
    until = f"until {made.expires_at}" if made.expires_at else "for good"
    click.echo(f"Key {made.id} of {made.subject}, {made.role}, {scope or 'all rows'}, {until}. It is not shown again.", err=True)


@keys.command("list", epilog=EPILOG)
@format_option
@click.pass_context
def list_(ctx: click.Context, output: str | None) -> None:
    """Every key there ever was, newest first, without its secret."""
    from bursar.store import keys as store
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.keys import keys_listing

    app = opened(ctx)
    with app.store.connect().execution_options(read_only=True) as connection:
        found = store.every(connection)
    listing = keys_listing(found, now=app.clock())
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif found:
        rows = [
            [
                one.id,
                one.subject,
                one.role,
                one.scope or "all rows",
                one.status(app.clock()),
                one.expires_at or "never",
                one.used_at or "never",
            ]
            for one in found
        ]
        table(("Key", "Name", "Role", "Rows", "Status", "Ends", "Last used"), rows)
    else:
        click.echo("There is no key. On loopback the caller is the user of this machine.", err=True)


@keys.command(epilog=EPILOG)
@click.argument("ident", metavar="ID")
@click.pass_context
def revoke(ctx: click.Context, ident: str) -> None:
    """End a key now; whoever is signed in with it is signed out."""
    from bursar.store import keys as store

    app = opened(ctx)
    with app.store.begin() as connection:
        ended = store.revoke(connection, ident, actor=me(), now=app.clock())
    click.echo(f"Revoked {ended.id} of {ended.subject}.")


def _moment(text: str, now: datetime) -> datetime | None:
    """When a key ends; None for never."""
    import re
    from datetime import timedelta

    from bursar.surfaces.cli.moments import moment

    if text == "never":
        return None
    days = re.fullmatch(r"([0-9]{1,5})d", text)
    return now + timedelta(days=int(days[1])) if days else moment(text)
