"""`bursar serve`: the API and the web page, in one process."""

import socket
from typing import TYPE_CHECKING

import click

from bursar.domain.errors import Unavailable
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.loop import Bursar

LOOPBACK = "127.0.0.1"

EPILOG = """\b
Example:
  bursar serve --port 8080      then open http://127.0.0.1:8080/"""


@click.command(epilog=EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@click.pass_context
def serve(ctx: click.Context, port: int) -> None:
    """Serve the API (/api/v1) and the web page on this machine.

    Bound to loopback: whoever can open the page is the local administrator, and may read everything published.
    """
    serving(opened(ctx), port)


def serving(app: "Bursar", port: int) -> None:
    """Serve a house until interrupted. Raises Unavailable when the port is taken."""
    import uvicorn

    from bursar.surfaces.http import application

    listening = _listen(port)
    click.echo(f"Serving http://{LOOPBACK}:{listening.getsockname()[1]}/  (Ctrl-C ends)", err=True)
    config = uvicorn.Config(application(app), log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listening])


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise Unavailable(f"port {port} is taken", cure="Choose another: bursar serve --port 8081 (0 takes a free one)") from error
