"""`bursar run`: the worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from bursar.domain.wording import count, printable
from bursar.surfaces.cli.wiring import opened, shared

if TYPE_CHECKING:
    from bursar.operations.rounds import Pass, Rounds

EPILOG = """\b
Examples:
  bursar run --once
  bursar run"""


@click.command(epilog=EPILOG)
@click.option("--once", is_flag=True, help="One pass, then exit.")
@click.pass_context
def run(ctx: click.Context, *, once: bool) -> None:
    """Ingest the sources of bursar.yaml, detect, check budgets, propose, apply what was asked for, tell the owners.

    Without --once again whenever a folder has changed. Nothing is sent twice, and what could not be sent now is tried again by
    the next pass.
    """
    import sys

    from bursar.bootstrap import open_rounds
    from bursar.surfaces.cli.main import EXIT_BILL, exit_code

    app = opened(ctx)
    quiet = shared(ctx)["quiet"]
    rounds = open_rounds(app, stream=None if quiet else sys.stdout)
    done = _pass(rounds, quiet=quiet, said=())
    if once:
        wrong = any(one.outcome in {"quarantined", "refused"} for one in done.outcomes)
        ctx.exit(max([EXIT_BILL if wrong else 0, *map(exit_code, done.faults)]))
    while True:
        time.sleep(app.config.schedule.poll_seconds)
        done = _pass(rounds, quiet=quiet, said=tuple(one.message for one in done.faults))


def _pass(rounds: Rounds, *, quiet: bool, said: tuple[str, ...]) -> Pass:
    """One pass, told. What it could not do is told once, while it lasts."""
    done = rounds.once()
    if not quiet:
        _say(done)
    for fault in done.faults:
        if fault.message not in said:
            cure = fault.cure or "The next pass tries again."
            click.echo(f"{click.style('Cause', fg='red')}  {printable(fault.message)}", err=True)
            click.echo(f"{click.style('Cure', fg='green')}   {printable(cure)}", err=True)
    return done


def _say(done: Pass) -> None:
    """A line for each thing that happened; nothing for a pass that found nothing new."""
    for one in done.outcomes:
        if one.outcome != "unchanged":
            click.echo(printable(f"{one.outcome.capitalize()}  {one.name}{f': {one.cause}' if one.cause else ''}"))
    if done.scored:
        click.echo(
            f"Scored generation {done.scored}: {count(len(done.changes.opened), 'incident')} opened, "
            f"{len(done.changes.updated)} updated, {len(done.changes.closed) + len(done.changes.settled)} over"
        )
    for alert in done.alerts:
        click.echo(f"Budget {alert.budget}: {alert.rule} {alert.happened}, {alert.severity}")
    _say_acted(done)
    if done.delivered.sent or done.delivered.adopted:
        click.echo(f"{count(done.delivered.sent + done.delivered.adopted, 'message')} delivered")
    if done.delivered.postponed or done.delivered.dead:
        click.echo(f"{done.delivered.postponed} put off, {done.delivered.dead} given up. See:  bursar outbox list")


def _say_acted(done: Pass) -> None:
    from bursar.acting import Dropped

    for one in done.carried:
        what = f"was not applied: {one.why}" if isinstance(one, Dropped) else f"is {one.status}, {count(len(one.made), 'change')}"
        click.echo(f"Plan {one.digest[:12]} {what}")
    planned = done.planned
    for entry in planned.plans if planned else ():
        if planned and entry.digest in planned.fresh:
            click.echo(
                f"Proposed {entry.digest[:12]}, {count(len(entry.plan.changes), 'change')}. See:  bursar plans show {entry.digest[:12]}"
            )
