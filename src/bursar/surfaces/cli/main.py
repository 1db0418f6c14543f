"""The `bursar` command: options every verb shares, verbs loaded when named, errors said once with their cure."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import click

from bursar import __version__
from bursar.domain.errors import BillError, BursarError, ConfigError, Refused, Unavailable

EXIT_REFUSED, EXIT_CONFIG, EXIT_BILL, EXIT_UNAVAILABLE = 1, 2, 3, 4
EXIT_INTERRUPTED = 130

VERBS = {
    "demo": "The whole story on a simulated three-cloud estate, then the web page.",
    "init": "Write a commented project: bursar.yaml, rules.yaml, units.yaml.",
    "doctor": "Check configuration, state folder and tools; a cause and a cure for every failure.",
    "simulate": "Write native bills of a simulated estate, their invoices and truth.json.",
    "ingest": "Take bills, invoices and metrics in, and publish them.",
    "reconcile": "How every invoice stands to the charges that meet it.",
    "build": "Allocate again after a change of rules, and publish.",
    "costs": "Costs by any dimension, one row per group, bucket and currency.",
    "export": "Write what is published as a file.",
    "detect": "Score what is published: incidents, and the forecast of the month.",
    "anomalies": "List incidents, show one, say what it was.",
    "forecast": "What the month will come to, with its interval.",
    "history": "Every delivery of a billing period, with totals and differences.",
    "budgets": "How every budget stands: actual, forecast, burn rates, alerts.",
    "gate": "May this change be merged? Tags, price, budgets, rules of your own.",
    "exceptions": "Who allowed what, why, and until when; grant and revoke.",
    "policy": "The rules' own tests.",
    "plan": "Propose what could be changed, why, and what it would save. Changes nothing.",
    "plans": "List plans, or show one as a difference.",
    "approve": "Approve a plan by its digest; not your own.",
    "reject": "Close a plan for good.",
    "apply": "Carry an approved plan out, once.",
    "undo": "Propose the plan that takes an applied one back.",
    "savings": "What was promised, and what came of it.",
    "stop": "Stop all applying: the kill switch.",
    "resume": "Let plans be applied again.",
    "outbox": "Messages that must be said once, and what became of them.",
    "audit": "Whether the journal is the one that was written.",
    "run": "One pass of detect, decide, act over the sources, or the worker that repeats it.",
    "serve": "The API and the web page.",
    "keys": "API keys: who may ask over HTTP, in which role, about which rows.",
}
"""Every verb with its one line of help; `surfaces/cli/<verb>.py` holds the command of that name."""


HELP = """bursar: every cloud bill becomes FOCUS, equals its invoice and belongs to somebody.

\b
Try:  bursar demo --once
      bursar ingest bill.csv"""


class Verbs(click.Group):
    """A group whose commands are imported when they are called, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs, in the order of a user's day."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb's command, or None."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"bursar.surfaces.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest verb for a typo."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            if args and (near := get_close_matches(args[0], VERBS, n=1)):
                raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list of verbs, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, help=HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bursar", message="%(prog)s %(version)s")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), help="State folder (default: $BURSAR_HOME or ./.bursar).")
@click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="bursar.yaml (default: $BURSAR_CONFIG or ./bursar.yaml).")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but results and errors.")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, config: Path | None, quiet: bool, debug: bool) -> None:
    """Every cloud bill becomes FOCUS, equals its invoice and belongs to somebody."""
    ctx.obj = {"home": home, "config": config, "quiet": quiet, "debug": debug}


def run() -> None:
    """Run the command line and leave with the contract's exit code."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(prog_name="bursar", standalone_mode=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing was half-published.", err=True)
        code = EXIT_INTERRUPTED
    except click.ClickException as error:
        _tell_misuse(error)
        code = EXIT_CONFIG
    except BursarError as error:
        if debug:
            raise
        _tell(error)
        code = exit_code(error)
    except Exception as error:
        if debug:
            raise
        _tell(
            BursarError(
                f"{type(error).__name__}: {error}", cure="This is a fault in bursar. Run again with --debug and report what it prints."
            )
        )
        code = EXIT_UNAVAILABLE
    sys.exit(code if isinstance(code, int) else 0)


def exit_code(error: BursarError) -> int:
    """The contract's exit code of an error."""
    for kind, code in ((ConfigError, EXIT_CONFIG), (BillError, EXIT_BILL), (Refused, EXIT_REFUSED), (Unavailable, EXIT_UNAVAILABLE)):
        if isinstance(error, kind):
            return code
    return EXIT_UNAVAILABLE


def _tell_misuse(error: click.ClickException) -> None:
    """What click refused, told as every other error is; the help where nothing was asked."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    _tell(ConfigError(message[:1].lower() + message[1:], cure=f"See: {context.command_path if context else 'bursar'} --help"))


def _tell(error: BursarError) -> None:
    """Cause and cure on stderr; one problem document when the user asked for JSON."""
    if "--format=json" in sys.argv or "--format json" in " ".join(sys.argv):
        problem = {"title": type(error).__name__, "detail": error.message, "cure": error.cure}
        click.echo(json.dumps(problem), err=True)
        return
    click.echo(f"{click.style('Cause', fg='red')}  {_lines(error.message)}", err=True)
    if error.cure:
        click.echo(f"{click.style('Cure', fg='green')}   {_lines(error.cure)}", err=True)


def _lines(text: str) -> str:
    """The text without what would steer a terminal: file names and tags are quoted in causes."""
    from bursar.domain.wording import printable

    return "\n".join(printable(line) for line in text.splitlines())
