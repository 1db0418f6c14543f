"""Dies by SIGKILL at a chosen moment of an ingest, time after time; started by test_kill.py under the Python of the command.

Arguments: project folder, then kill points `rename:N` (before the N-th rename of a snapshot folder), `flip` (before the
flip) or `flipped` (after it). Each point is one forked run over `more/`; prints the number of points that did kill.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import dbt.cli.main  # noqa: F401 - imported once, not in every fork

import bursar.lake.layout
import bursar.loop
from bursar.bootstrap import Options, open_bursar

P = ParamSpec("P")
R = TypeVar("R")


def die() -> None:
    """As the kernel's out-of-memory killer would have it."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_call(number: int, original: Callable[P, R]) -> Callable[P, R]:
    """The function, until its N-th call."""
    calls = [0]

    def counted(*args: P.args, **more: P.kwargs) -> R:
        calls[0] += 1
        if calls[0] == number:
            die()
        return original(*args, **more)

    return counted


def after(original: Callable[P, R]) -> Callable[P, R]:
    """The function, and death once its transaction is committed."""

    def then(*args: P.args, **more: P.kwargs) -> R:
        result = original(*args, **more)
        die()
        return result

    return then


def arm(point: str) -> None:
    """Lay the trap."""
    if point.startswith("rename:"):
        bursar.lake.layout.rename = at_call(int(point.partition(":")[2]), bursar.lake.layout.rename)
    elif point == "flip":
        bursar.loop.flip = at_call(1, bursar.loop.flip)
    else:
        bursar.loop.Bursar._flip = after(bursar.loop.Bursar._flip)


def main() -> None:
    """Die at every point in turn."""
    project = Path(sys.argv[1])
    os.chdir(project)
    killed = 0
    for point in sys.argv[2:]:
        pid = os.fork()
        if pid == 0:
            arm(point)
            open_bursar(Options(home=project / ".bursar")).ingest([project / "more"])
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        killed += os.WIFSIGNALED(status)
    print(killed)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
