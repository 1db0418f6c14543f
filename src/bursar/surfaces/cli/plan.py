"""`bursar plan`: what could be changed, why, and what it would save. Nothing is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import printable
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from bursar.acting import Planned

EPILOG = """\b
Playbooks: volumes_unattached

\b
Examples:
  bursar plan
  bursar plan --playbook volumes_unattached --out plans.jsonl"""

SHOWN = 3
"""So many names of a reason are told."""


@click.command(epilog=EPILOG)
@click.option("--playbook", metavar="NAME", help="One playbook (default: all).")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the plans, one canonical JSON document a line; a line's SHA-256 is its digest.",
)  # fmt: skip
@click.pass_context
def plan(ctx: click.Context, *, playbook: str | None, out: Path | None) -> None:
    """Look at the estate and propose plans. Making a plan is the dry run: nothing changes until it is approved and applied."""
    from bursar import bootstrap
    from bursar.surfaces.cli.plans import tell_plan
    from bursar.surfaces.cli.subject import me

    acting = bootstrap.act(opened(ctx))
    found = acting.plan(playbook, maker=me())
    if out:
        out.write_text("".join(f"{entry.body}\n" for entry in found.plans), encoding="utf-8")
    for entry in found.plans:
        tell_plan(entry)
    if not shared(ctx)["quiet"]:
        _tell_left(found)


def _tell_left(found: Planned) -> None:
    from bursar.domain.wording import count

    if not found.plans:
        click.echo("Nothing to change was found.", err=True)
    why: dict[str, list[str]] = {}
    for left in found.left:
        why.setdefault(left.why, []).append(printable(left.resource.id.rpartition("/")[2]))
    for reason, names in sorted(why.items()):
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        click.echo(f"Left alone  {', '.join(names[:SHOWN])}{more}: {printable(reason)}", err=True)
    for entry in found.plans:
        what = "Proposed" if entry.digest in found.fresh else "Still waits"
        click.echo(f"{what}  {entry.digest[:12]}, {count(len(entry.plan.changes), 'change')}", err=True)
    if found.plans:
        click.echo(f"Next:  bursar approve {found.plans[0].digest[:12]}   (somebody else than its maker)", err=True)
