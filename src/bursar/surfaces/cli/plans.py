"""`bursar plans list` and `show`: every plan, and one as a difference."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from bursar.surfaces.cli.render import amount, document, format_option, printable, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.actions.book import Entry
    from bursar.domain.estates import State
    from bursar.domain.plans import Change, Range

EPILOG = """\b
Examples:
  bursar plans list
  bursar plans show 3f9c2a71
  bursar plans list --format json"""

SIGNS = {"delete": ("-", "red"), "restore": ("+", "green")}


@click.group(epilog=EPILOG)
def plans() -> None:
    """List plans, or show one."""


@plans.command("list", epilog=EPILOG)
@format_option
@click.pass_context
def list_(ctx: click.Context, output: str | None) -> None:
    """Every plan, newest first, with its approvals and what it would save a month."""
    from bursar import bootstrap
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.plans import plans as listing_of

    acting = bootstrap.act(opened(ctx))
    entries = acting.plans()
    for digest in acting.edited():
        click.echo(f"Plan {digest[:12]} was edited: its body does not read, and it cannot be applied. See:  bursar audit verify", err=True)
    listing = listing_of(entries)
    if output == "json":
        document(listing.document)
    elif output == "csv":
        click.echo(csv_text(listing), nl=False)
    elif entries:
        columns = ("Digest", "Playbook", "Status", "Maker", "Made", "Approvals", "Changes", "Saves a month", "")
        table(columns, [_cells(entry) for entry in entries], right=("Changes", "Saves a month"))
    else:
        click.echo("There is no plan. Next:  bursar plan", err=True)


@plans.command("show", epilog=EPILOG)
@click.argument("digest")
@format_option
@click.pass_context
def show(ctx: click.Context, digest: str, output: str | None) -> None:
    """One plan as a difference: what goes, what stays, why, and how it is taken back. Eight characters of its digest name it."""
    from bursar import bootstrap
    from bursar.surfaces.documents import csv_text
    from bursar.surfaces.plans import plans as listing_of

    entry = bootstrap.act(opened(ctx)).show(digest)
    if output == "json":
        document(listing_of([entry]).document)
    elif output == "csv":
        click.echo(csv_text(listing_of([entry])), nl=False)
    else:
        tell_plan(entry)


def tell_plan(entry: Entry) -> None:
    """A plan for people: the same list of changes that apply walks, in its order."""
    from bursar.domain.wording import count

    plan = entry.plan
    head = f"Plan {entry.digest[:12]}  {plan.playbook}, tier {plan.tier}, {entry.status}"
    click.echo(f"\n{click.style(head, bold=True)}\n  made by {printable(plan.maker)} {plan.made_at}, expires {plan.expires_at}")
    if plan.undoes:
        click.echo(f"  takes back {plan.undoes[:12]}")
    for position, change in enumerate(plan.changes):
        _tell_change(change, entry.made[position].state if position in entry.made else "")
    for text in plan.limits.loosened():
        click.echo(click.style(f"  limit loosened: {text}", fg="yellow"))
    for one in entry.approvals:
        click.echo(f"  {one.verdict}d by {printable(one.approver)} ({one.role}, {one.via}) {one.at}, until {one.expires_at}")
    click.echo(f"\n  {click.style(count(len(plan.changes), 'change'), bold=True)}, {_money(plan.saving)}")
    click.echo(f"  digest {entry.digest}")


def _tell_change(change: Change, state: str) -> None:
    sign, colour = SIGNS.get(change.verb.partition("_")[0], ("~", "yellow"))
    where = change.resource
    done = f"  [{state}]" if state else ""
    click.echo(f"\n  {click.style(sign, fg=colour, bold=True)} {where.kind} {click.style(printable(where.id), bold=True)}{done}")
    place = f"{where.provider} account {printable(where.account)}, {where.region}, env {printable(change.env)}"
    click.echo(f"      {place}; {change.verb}{_params(change.params)}")
    for name, before, after in _difference(change.before, change.after):
        click.echo(f"      {sign} {name}: {printable(before)}{f' -> {printable(after)}' if after else ''}")
    for why in change.because:
        click.echo(f"      {click.style('because', dim=True)} {printable(why)}")
    click.echo(f"      {_money(change.saving)}; {_undo(change)}")
    click.echo(click.style(f"      needs {', '.join(change.permissions)}", dim=True))


def _difference(before: State | None, after: State | None) -> list[tuple[str, str, str]]:
    """What differs, field by field; the whole state where the resource goes or comes."""
    if before is None or after is None:
        return [(name, _text(value), "") for name, value in sorted((before or after or {}).items())]
    names = sorted({*before, *after})
    return [(name, _text(before.get(name)), _text(after.get(name))) for name in names if before.get(name) != after.get(name)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _params(params: State) -> str:
    return f" ({', '.join(f'{name} {value}' for name, value in sorted(params.items()))})" if params else ""


def _undo(change: Change) -> str:
    return f"undo: {change.undo.verb} from its {', '.join(change.undo.needs)}" if change.undo else "cannot be undone"


def _money(saving: Range | None) -> str:
    if saving is None:
        return "what it saves is not known"
    return f"saves {amount(saving.amount)} {saving.currency} a month ({amount(saving.low)} to {amount(saving.high)})"


def _cells(entry: Entry) -> list[str]:
    plan, saving = entry.plan, entry.plan.saving
    approved = ", ".join(one.approver for one in entry.approvals if one.verdict == "approve") or "–"
    money = (amount(saving.amount), saving.currency) if saving else ("not known", "")
    return [entry.digest[:12], plan.playbook, entry.status, plan.maker, plan.made_at, approved, str(len(plan.changes)), *money]
