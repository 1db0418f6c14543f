"""`bursar demo`: the main job on a simulated three-cloud estate, told step by step, then the page."""

import shutil
import time
from pathlib import Path

import click

from bursar.surfaces.cli.serve import serving
from bursar.surfaces.cli.wiring import shared

EPILOG = """\b
Examples:
  bursar demo --once      the story in the terminal
  bursar demo             the story, then http://127.0.0.1:8080/"""


@click.command(epilog=EPILOG)
@click.option("--once", is_flag=True, help="Tell the story and exit.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port of the page; 0 takes a free one.")
@click.pass_context
def demo(ctx: click.Context, *, once: bool, port: int) -> None:
    """Three clouds' bills reconciled and allocated, a spike told in Slack, a pull request blocked, waste removed, the saving measured.

    Runs the real pipeline on native bills, with a Slack that listens on this machine; no account, no network. State goes to
    <home>/demo and is made anew each time.
    """
    from bursar import bootstrap
    from bursar.surfaces.cli.stage import CHANNELS, Stage
    from bursar.surfaces.cli.story_acts import account, act
    from bursar.surfaces.cli.story_alert import land, tell_alert
    from bursar.surfaces.cli.story_bills import close_month, tell_bills

    began = time.monotonic()
    folder: Path = bootstrap.home_of(shared(ctx)["home"]) / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with bootstrap.slack_double(CHANNELS) as slack:
        stage = Stage.set(folder, slack)
        land(stage)
        tell_alert(stage)
        act(stage)
        close_month(stage)
        account(stage)
        tell_bills(stage)
        click.echo(f"\n{click.style('Done', bold=True)} in {time.monotonic() - began:.0f} s. Everything is in {folder}")
        if once:
            click.echo(f"Next:  {click.style('bursar demo', fg='cyan')}   (the same, then the page)")
            click.echo(f"       {click.style('bursar ingest YOUR-BILL.csv', fg='cyan')}")
            return
        serving(stage.app, port)
