"""`bursar gate`: may this change be merged? Any exit but 0 blocks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from bursar.surfaces.cli.render import document, table
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.policies.decisions import Decision

EPILOG = """\b
Examples:
  terraform show -json plan.tfplan > plan.json && bursar gate plan.json
  bursar gate plan.json --env staging --infracost infracost.json --format markdown
  bursar gate manifests/ --format sarif > gate.sarif
  bursar gate plan.json --change acme/infra#12 --head 3f9c2a7"""

EXITS = {"allow": 0, "deny": 1, "undecided": 2}
WORDS = {"allow": "Allowed", "deny": "Denied", "undecided": "Could not decide, so this is blocked"}
COLOURS = {"allow": "green", "deny": "red", "undecided": "red"}


@click.command(epilog=EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--env", metavar="ENV", help="prod, staging or dev (default: what the planned tags agree on, else prod).")
@click.option("--format", "output", type=click.Choice(["table", "json", "sarif", "markdown", "junit"]), help="Table by default.")
@click.option("--infracost", type=click.Path(path_type=Path, dir_okay=False), help="Infracost JSON 0.2 of the same plan.")
@click.option("--change", metavar="NAME", help="The pull request, as OWNER/REPO#NUMBER: what it adds is reserved while it is open.")
@click.option("--head", metavar="COMMIT", help="The commit that is judged, with --change.")
@click.pass_context
def gate(ctx: click.Context, path: Path, output: str | None, **given: str | Path | None) -> None:
    """Judge a Terraform plan (JSON) or Kubernetes manifests: tags, price, budgets, rules of your own.

    Exit 0 allowed, 1 denied, 2 could not decide. Every finding names its resource, its key and its cure.
    """
    from bursar.bootstrap import open_gate
    from bursar.domain.errors import ConfigError
    from bursar.policies.reservations import Change

    env, infracost = cast("str | None", given["env"]), cast("Path | None", given["infracost"])
    change, head = cast("str | None", given["change"]), cast("str | None", given["head"])
    if (change is None) != (head is None):
        raise ConfigError("--change and --head go together", cure="Name both, or neither.")
    judge = open_gate(opened(ctx))
    try:
        named = Change(name=change, head=head) if change and head else None
        decision = judge.decide(path, env=env, infracost=infracost, change=named)
    finally:
        judge.engine.close()
    _tell(decision, output or "table", command=_command(path, env=env, infracost=infracost))
    ctx.exit(EXITS[decision.answer])


def _command(path: Path, *, env: str | None, infracost: Path | None) -> str:
    words = ["bursar", "gate", str(path), *(["--env", env] if env else []), *(["--infracost", str(infracost)] if infracost else [])]
    from bursar.domain.wording import shell_line

    return shell_line(words)


def _tell(decision: Decision, output: str, *, command: str) -> None:
    """The decision in the form that was asked for, on stdout."""
    if output == "json":
        from bursar.surfaces.gating.document import gate_document

        document(gate_document(decision))
    elif output == "sarif":
        from bursar.surfaces.gating.sarif import sarif

        document(sarif(decision))
    elif output == "junit":
        from bursar.surfaces.gating.junit import junit

        click.echo(junit(decision), nl=False)
    elif output == "markdown":
        from bursar.surfaces.gating.markdown import markdown

        click.echo(markdown(decision, command=command), nl=False)
    else:
        tell(decision)


def tell(decision: Decision) -> None:
    """For people: the findings with their cures, what it costs, and the answer last."""
    from bursar.surfaces.cli.render import printable
    from bursar.surfaces.gating.document import cure

    if decision.violations:
        rows = [
            [str(one["level"]).upper(), str(one["id"]), str(one["resource"]), str(one["key"]), f"{one['message']}. {cure(one)}"]
            for one in decision.violations
        ]
        table(("", "Rule", "Resource", "Key", "What, and its cure"), rows)
    for used in decision.exceptions_used:
        reason = printable(used.grant.reason)
        click.echo(f"Excepted by {printable(used.grant.id)} until {used.grant.expires:%Y-%m-%d}: {reason}", err=True)
    for finding in decision.exception_findings:
        click.echo(f"{finding.id} {printable(finding.exception)}: {printable(finding.message)}", err=True)
    for note in decision.notes:
        click.echo(printable(note), err=True)
    _costs(decision)
    click.echo(click.style(f"{WORDS[decision.answer]}.", fg=COLOURS[decision.answer], bold=True))
    if decision.reason:
        click.echo(f"{click.style('Cause', fg='red')}  {printable(decision.reason)}", err=True)
        click.echo(f"{click.style('Cure', fg='green')}   {printable(decision.cure)}", err=True)


def _costs(decision: Decision) -> None:
    from bursar.surfaces.cli.render import amount

    cost = decision.estimate
    if cost and cost.planned:
        known = f"{amount(cost.delta_monthly)} {cost.currency or ''}".strip()
        click.echo(f"Adds {known} a month; {cost.priced} of {cost.planned} resources priced ({cost.price_source}).")
    if decision.budgets:
        rows = [
            [
                view.budget.id,
                f"{view.measure.span.start:%Y-%m}",
                view.budget.currency,
                amount(view.measure.amount),
                amount(view.measure.actual),
                amount(view.reserved),
                amount(view.delta_monthly),
                "not known" if view.p_breach is None else f"{view.p_breach:.0%}",
            ]
            for view in decision.budgets
        ]
        columns = ("Budget", "Period", "Currency", "Amount", "Actual", "Reserved", "This change", "P(breach)")
        table(columns, rows, right=columns[3:])
