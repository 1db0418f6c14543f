"""The demo's alert: the bills of a running month land, and a day that cost a quarter more reaches its owner in Slack, once."""

import json
import time
from typing import Any

import click

from bursar.surfaces.cli.render import printable
from bursar.surfaces.cli.stage import FIRST, MORNING, ROWS, Stage
from bursar.surfaces.cli.story_bills import told

PATIENCE_SECONDS = 30


def land(stage: Stage) -> None:
    """The exports of a morning in the second month."""
    from bursar import bootstrap

    command = f"bursar simulate --out bills --from {FIRST} --months 2 --organisations 1 --as-of {MORNING.date()}"
    with stage.step(f"Three clouds export their bills; it is {MORNING:%A}, {MORNING.day} {MORNING:%B}", command):
        bootstrap.simulate(stage.bills, first=FIRST, months=2, rows=ROWS, organisations=1, as_of=MORNING.date())
    files = [path for path in stage.bills.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    click.echo(
        f"  {len(files)} files, {size / 1e6:.1f} MB: a CUR 2.0, a BigQuery extract, cost details of Azure, invoices, usage, what is there"
    )


def tell_alert(stage: Stage) -> None:
    """One pass of the worker; Slack is not well at first."""
    spike = next(one for one in json.loads((stage.bills / "truth.json").read_text("utf-8"))["events"] if one["kind"] == "spike")
    stage.slack.fail("chat.postMessage", "429:1")
    with stage.step("They land in the folder that is watched; Slack first says 429", "bursar run --once"):
        landed = time.monotonic()
        done = stage.rounds.once()
        while not (said := _said(stage, spike["service"])) and time.monotonic() < landed + PATIENCE_SECONDS:
            time.sleep(0.2)
            stage.rounds.messenger.deliver()
        heard = time.monotonic() - landed
    told(done.outcomes)
    running = [one for one in done.outcomes if one.outcome == "published" and str(one.period) == f"{MORNING:%Y-%m}"]
    click.echo(f"  no invoice yet for {len(running)} of them: the month is open, and says so")
    click.echo(click.style(f"\n  {len(said)} message in {_channel(stage, said)}, {heard:.0f} s after the bills landed:", bold=True))
    for message in said[:1]:
        show(message)
        _picture(stage, message)


def show(message: dict[str, Any]) -> None:
    """A message as its reader sees it, in plain text."""
    for block in message["blocks"]:
        texts = [block["text"]["text"]] if "text" in block else [one["text"] for one in block.get("elements", ())]
        for line in "\n".join(texts).splitlines():
            click.echo(f"  │ {printable(line)}")
        if block["type"] == "image":
            click.echo(f"  │ [picture: {printable(block['alt_text'])}]")


def _said(stage: Stage, service: str) -> list[dict[str, Any]]:
    """The first messages that speak of a service."""
    firsts = [one for one in stage.slack.workspace.messages if "metadata" in one and not one.get("thread_ts")]
    return [one for one in firsts if service in json.dumps(one["blocks"])]


def _channel(stage: Stage, said: list[dict[str, Any]]) -> str:
    names = {ident: name for name, ident in stage.slack.workspace.channels.items()}
    return f"#{names[said[0]['channel']].removeprefix('#')}" if said else "Slack"


def _picture(stage: Stage, message: dict[str, Any]) -> None:
    """Keep the picture beside the project, where it can be looked at."""
    for block in message["blocks"]:
        if block["type"] == "image":
            file = stage.project.parent / "alert.png"
            file.write_bytes(stage.slack.workspace.files[block["slack_file"]["id"]]["content"])
            click.echo(f"  the picture is {file.name}")
