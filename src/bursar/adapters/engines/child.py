"""The engine's process: OPA over one bundle, on a socket only this user reaches, gone when its owner is."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bursar.domain.errors import Unavailable

SOCKET_BYTES = 100
"""A Unix socket's address holds 108 bytes on Linux, 104 elsewhere."""

_STEP = 0.005

_WATCHED = """
exec 3<&0
/usr/bin/env -i "$@" </dev/null 3<&- &
child=$!
(read -r _ <&3; kill -9 "$child") 2>/dev/null &
watch=$!
wait "$child"
code=$?
kill "$watch" 2>/dev/null
exit "$code"
"""
"""The owner holds the other end of standard input: when it is gone, however it went, the engine is killed."""


@dataclass(slots=True, kw_only=True)
class Child:
    """A running engine and the connections to it."""

    process: subprocess.Popen[bytes]
    folder: Path
    client: httpx2.Client

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it and remove what it left. A number that is free again may be another's: only what still runs is killed by it."""
        self.client.close()
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def private_folder(beside: Path) -> Path:
    """A folder of mode 0700 whose socket's address is short enough: below the state folder if that fits, else a temporary one."""
    if len(str(beside.absolute())) < SOCKET_BYTES - 30:
        beside.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(prefix="opa-", dir=beside))
    folder = Path(tempfile.mkdtemp(prefix="bursar-opa-"))
    if len(str(folder)) < SOCKET_BYTES - 10:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix="bursar-opa-", dir="/tmp"))


def start(binary: Path, *, bundle: Path, folder: Path, seconds: float) -> Child:
    """Start the engine and wait for its health. Raises Unavailable with what it complained of; the folder is the child's from here on."""
    socket = folder / "opa.sock"
    words = [
        str(binary), "run", "--server", "--addr", f"unix://{socket}", "--unix-socket-perm", "700", "--authentication", "off",
        "--authorization", "basic", "--skip-version-check", "--log-level", "error", "-b", str(bundle),
    ]  # fmt: skip
    with (folder / "opa.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the engine the operator chose
            ["/bin/sh", "-c", _WATCHED, "sh", *words],
            env={},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )
    transport = httpx2.HTTPTransport(uds=str(socket))
    client = httpx2.Client(transport=transport, base_url="http://opa", trust_env=False, timeout=seconds)
    child = Child(process=process, folder=folder, client=client)
    try:
        _wait(child, socket, seconds=seconds)
    except Unavailable:
        child.stop()
        raise
    return child


def _wait(child: Child, socket: Path, *, seconds: float) -> None:
    """Until the engine says it is well."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not child.alive():
            raise Unavailable(f"opa ended at its start: {_complaint(child.folder)}")
        if socket.exists() and _healthy(child):
            return
        time.sleep(_STEP)
    raise Unavailable(f"opa was not ready within {seconds:g} s")


def _healthy(child: Child) -> bool:
    try:
        return child.client.get("/health").status_code == 200
    except httpx2.TransportError:
        return False


def _complaint(folder: Path) -> str:
    text = (folder / "opa.log").read_text("utf-8", "replace").strip()
    return text[-500:] or "without a word"
