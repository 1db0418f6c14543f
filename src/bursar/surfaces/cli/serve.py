"""`bursar serve`: the API and the web page, in one process."""

import socket
from typing import TYPE_CHECKING

import click

from bursar.domain.errors import ConfigError, Unavailable
from bursar.surfaces.cli.wiring import opened

if TYPE_CHECKING:
    from bursar.loop import Bursar

LOOPBACK = "127.0.0.1"

EPILOG = """\b
Example:
  bursar serve --port 8080      then open http://127.0.0.1:8080/"""
NO_KEY = "There is no key yet, and nobody is let in without one: bursar keys create NAME --role admin"


@click.command(epilog=EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option("--host", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Address to bind; beyond loopback keys are needed.")
@click.option("--no-worker", is_flag=True, help="Only serve; another process runs `bursar run`.")
@click.pass_context
def serve(ctx: click.Context, port: int, host: str, no_worker: bool) -> None:
    """Serve the API (/api/v1) and the web page, with the worker beside them.

    The worker does what `bursar run` does: it reads the sources, detects, proposes, and applies what was approved and asked for.

    Bound to loopback, and while there are no keys, whoever can open the page is the local administrator. With keys, or bound
    elsewhere, everybody needs one: see `bursar keys`. TLS is the business of the proxy before it.
    """
    serving(opened(ctx), port, host=host, worker=not no_worker)


def serving(app: "Bursar", port: int, *, host: str = LOOPBACK, worker: bool = True) -> None:
    """Serve a house until interrupted, with or without the worker. Raises Unavailable when the address cannot be bound."""
    from contextlib import nullcontext

    import uvicorn

    from bursar.store import keys
    from bursar.surfaces.admission import is_loopback
    from bursar.surfaces.http import application
    from bursar.surfaces.worker import working

    listening = _listen(host, port)
    address, bound = listening.getsockname()[:2]
    is_local = is_loopback(address)
    click.echo(f"Serving http://{f'[{address}]' if ':' in address else address}:{bound}/  (Ctrl-C ends)", err=True)
    with app.store.connect().execution_options(read_only=True) as connection:
        if not is_local and not keys.exist(connection):
            click.echo(NO_KEY, err=True)
    config = uvicorn.Config(application(app, is_local=is_local), log_level="warning", access_log=False, server_header=False)
    with working(app.config, clock=app.clock, say=_say) if worker else nullcontext():
        uvicorn.Server(config).run(sockets=[listening])


def _say(text: str) -> None:
    click.echo(f"worker: {text}", err=True)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (socket.gaierror, UnicodeError) as error:
        raise ConfigError(f"there is no address {host!r} here", cure="Name one of this machine's, or 0.0.0.0 for all of them.") from error
    except OSError as error:
        raise Unavailable(
            f"{host} port {port} is taken or not to be had", cure="Choose another: bursar serve --port 8081 (0 takes a free one)"
        ) from error
