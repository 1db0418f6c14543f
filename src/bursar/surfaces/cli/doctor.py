"""`bursar doctor`: every check with its cause and cure."""

from dataclasses import asdict

import click

from bursar.surfaces.cli.render import comma_separated, document, format_option, printable
from bursar.surfaces.cli.wiring import opened

EPILOG = """\b
Example:
  bursar doctor --format json"""

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(epilog=EPILOG)
@format_option
@click.pass_context
def doctor(ctx: click.Context, output: str | None) -> None:
    """Check configuration, state folder, engine, box, sources, rules, policies, channels and data; exit 2 when a check fails.

    Nothing is changed and nothing leaves this machine.
    """
    from bursar import bootstrap
    from bursar.operations.doctor import Finding, examine

    app = opened(ctx)
    findings: list[Finding] = []
    for finding in examine(app, bootstrap.policy_engine(app.config)):
        findings.append(finding)
        if output in {None, "table"}:
            mark = click.style(f"{finding.verdict:4}", fg=COLOURS[finding.verdict], bold=True)
            click.echo(f"{mark}  {printable(f'{finding.check}: {finding.cause}')}")
            if finding.cure:
                click.echo(f"      {click.style('Cure', fg='green')}  {printable(finding.cure)}")
    if output == "json":
        document({"findings": [asdict(finding) for finding in findings]})
    elif output == "csv":
        comma_separated(("check", "verdict", "cause", "cure"), [asdict(finding) for finding in findings])
    if any(finding.verdict == "fail" for finding in findings):
        ctx.exit(2)
