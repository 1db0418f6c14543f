"""The second half of the demo's story: a pull request is blocked, waste is planned, agreed on, removed once, and the saving measured."""

import json
from typing import TYPE_CHECKING, Any

import click

from bursar.surfaces.cli.render import amount, printable, table
from bursar.surfaces.cli.stage import Stage
from bursar.surfaces.cli.story_alert import show

if TYPE_CHECKING:
    from bursar.actions.book import Entry

SECOND, THIRD = "ana@acme.example", "ben@acme.example"
TAGS = {"service": "checkout-api", "env": "prod"}


def act(stage: Stage) -> None:
    """From a pull request to a plan that is carried out."""
    _gate(stage)
    entry = _plan(stage)
    _agree(stage, entry)
    _apply(stage, entry)


def _gate(stage: Stage) -> None:
    from bursar import bootstrap
    from bursar.surfaces.cli.gate import tell

    gate = bootstrap.open_gate(stage.app)
    for name, tags, title in (
        ("pull-418", TAGS, "A pull request adds a machine that belongs to nobody"),
        ("pull-419", {**TAGS, "team": "payments"}, "The same, with its owner"),
    ):
        file = stage.project / f"{name}.json"
        file.write_text(json.dumps(_terraform(tags)), "utf-8")
        with stage.step(title, f"bursar gate {file.name} --env prod"):
            decision = gate.decide(file, env="prod")
        gate.engine.close()
        tell(decision)


def _terraform(tags: dict[str, str]) -> dict[str, Any]:
    """A Terraform plan that creates one machine."""
    after = {"instance_type": "m5.xlarge", "tags": tags, "tags_all": tags}
    change = {"actions": ["create"], "before": None, "after": after, "after_unknown": {"id": True}, "after_sensitive": {}}
    machine = {
        "address": "aws_instance.batch", "mode": "managed", "type": "aws_instance", "name": "batch",
        "provider_name": "registry.terraform.io/hashicorp/aws", "change": change,
    }  # fmt: skip
    provider = {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "us-east-1"}}}}
    return {
        "format_version": "1.2", "terraform_version": "1.11.4", "planned_values": {"root_module": {}}, "resource_changes": [machine],
        "configuration": {"provider_config": provider},
    }  # fmt: skip


def _plan(stage: Stage) -> "Entry":
    with stage.step("What is paid for and used by nobody? A plan is the dry run: nothing has changed", "bursar plans list"):
        plans = stage.rounds.acting.plans()
    rows = [
        (one.digest[:12], one.plan.changes[0].resource.provider, str(len(one.plan.changes)), amount(saving.amount), saving.currency)
        for one in plans
        if (saving := one.plan.saving)
    ]
    table(("Plan", "Cloud", "Changes", "Saves a month", ""), rows, right=("Changes", "Saves a month"))
    return plans[0]


def _agree(stage: Stage, entry: "Entry") -> None:
    from bursar.actions.approve import Subject
    from bursar.domain.errors import Refused

    acting, short = stage.rounds.acting, entry.digest[:12]
    with stage.step("Two others agree; whoever made it cannot", f"bursar approve {short} --as {SECOND}"):
        for name in (entry.plan.maker, SECOND, THIRD):
            try:
                given = acting.approve(entry.digest, Subject(name=name, role="approver", via="cli"), reason="Seen with its owner.")
                click.echo(f"  {name}: {given.given} of {given.needed} approvals")
            except Refused as error:
                click.echo(f"  {click.style('refused', fg='red')}  {printable(error.message)}")


def _apply(stage: Stage, entry: "Entry") -> None:
    from bursar.domain.errors import Refused
    from bursar.operations.audit import verify

    acting, short = stage.rounds.acting, entry.digest[:12]
    with stage.step("It is carried out as agreed, one change a second, each snapshot before its disk", f"bursar apply {short}"):
        done = acting.apply(entry.digest, actor=SECOND)
    click.echo(f"  {sum(one.state == 'done' for one in done.made)} of {len(entry.plan.changes)} changes made; the plan is {done.status}")
    try:
        acting.apply(entry.digest, actor=SECOND)
    except Refused as error:
        click.echo(f"  {click.style('again: refused', fg='red')}  {printable(error.message)}")
    found = verify(stage.app.store)
    whole = "whole" if not found.flaws else "BROKEN"
    click.echo(f"  the journal has {found.entries} entries, {whole}; {found.sent} messages sent, each in it   ($ bursar audit verify)")


def account(stage: Stage) -> None:
    """What was saved, on the bill; and what can be saved now."""
    with stage.step("Was it saved? Measured on the bill, beside what was not touched", "bursar savings"):
        lines = stage.rounds.acting.measure()
    rows = [
        (
            one.rfc,
            one.title,
            one.status,
            amount(one.expected.amount),
            amount(found.amount),
            amount(found.low),
            amount(found.high),
            one.currency,
        )
        for one in lines
        if (found := one.realised)
    ]
    columns = ("RFC", "What", "Status", "Expected a month", "Realised", "90 % between", "and", "")
    table(columns, rows, right=columns[3:7])
    replies = [one for one in stage.slack.workspace.messages if one.get("thread_ts") and "A plan" in json.dumps(one["blocks"])]
    for reply in replies[:1]:
        click.echo(click.style("\n  meanwhile, in the thread of another alert:", bold=True))
        show(reply)
