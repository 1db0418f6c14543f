"""What verbs share: the wired house from the command line's options, and progress on stderr."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

import click

from bursar.domain.wording import printable

if TYPE_CHECKING:
    from bursar.loop import Bursar
    from bursar.ports import Progress

SILENT_SECONDS = 10.0
EXIT_BILL = 3
"""The contract's exit code of a verb that went on although a bill was wrong."""


class Shared(TypedDict):
    """The options every verb shares."""

    home: Path | None
    config: Path | None
    quiet: bool
    debug: bool


def shared(ctx: click.Context) -> Shared:
    """The shared options of this invocation."""
    return cast("Shared", ctx.find_root().obj)


def opened(ctx: click.Context, *, home: Path | None = None) -> "Bursar":
    """The house over this invocation's configuration and state folder."""
    from bursar.bootstrap import Options, open_bursar

    told = shared(ctx)
    return open_bursar(Options(config=told["config"], home=home or told["home"], progress=progress(quiet=told["quiet"])))


def progress(*, quiet: bool) -> "Progress":
    """Tells on stderr what is being done: every step on a terminal, a line every ten seconds elsewhere."""
    if quiet:
        return lambda _: None
    if sys.stderr.isatty():
        return lambda text: click.echo(click.style(f"  {printable(text)} …", dim=True), err=True)
    last = [time.monotonic()]

    def tell(text: str) -> None:
        if time.monotonic() - last[0] >= SILENT_SECONDS:
            click.echo(f"{printable(text)} …", err=True)
            last[0] = time.monotonic()

    return tell
