"""The ingest child: parses what others delivered, in a process that can lose nothing.

Started as `python -I -m bursar.adapters.warehouses.child` with one JSON job on stdin; answers one JSON document on stdout.
It has no credentials in its environment, no network where the kernel allows, limits on memory, CPU time, file size and
open files, and a DuckDB that may read exactly the job's files and write exactly the job's folder.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import TypedDict, cast

import duckdb

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1


class Limits(TypedDict):
    """What the box holds: bytes, seconds, threads and a DuckDB memory size such as '512MB'."""

    address_space: int
    cpu_seconds: int
    file_bytes: int
    open_files: int
    threads: int
    memory: str
    temp: str


class Job(TypedDict):
    """One script: (name, sql, returns) in order, the paths it may read, the folder it may write and its temporary one; who asks."""

    statements: list[tuple[str, str, bool]]
    reads: list[str]
    writes: str | None
    scratch: str
    limits: Limits
    parent: int


def main() -> None:
    """Run the job on stdin. A failure is an answer too: its kind, text and the statement it happened in."""
    job: Job = json.load(sys.stdin)
    _die_with(job["parent"])
    _limit(job["limits"])
    _unplug()
    name = "open"
    answers: dict[str, object] = {}
    try:
        connection = _open(job)
        for name, sql, returns in job["statements"]:
            cursor = connection.execute(sql)
            if returns:
                answers[name] = _rows(cursor)
        reply: dict[str, object] = {"answers": answers}
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        reply = {"kind": "limit", "statement": name, "message": str(error).splitlines()[0] if str(error) else "out of memory"}
    except duckdb.IOException as error:
        reply = {"kind": _whose_fault(str(error)), "statement": name, "message": str(error)}
    except (duckdb.Error, UnicodeDecodeError) as error:
        reply = {"kind": "bill", "statement": name, "message": str(error)}
    json.dump(reply, sys.stdout, default=str)
    sys.stdout.flush()
    os._exit(0)  # a destructor that frees gigabytes politely is time nobody gets back


def _open(job: Job) -> duckdb.DuckDBPyConnection:
    """An in-memory database that sees the job's paths and nothing else, and cannot be talked out of it."""
    connection = duckdb.connect(":memory:")
    limits = job["limits"]
    settings = {
        "memory_limit": limits["memory"],
        "threads": limits["threads"],
        "temp_directory": job["scratch"],
        "max_temp_directory_size": limits["temp"],
        "preserve_insertion_order": False,
        "TimeZone": "UTC",
        "enable_progress_bar": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allowed_paths": job["reads"],
        "allowed_directories": [job["writes"]] if job["writes"] else [],
        "enable_external_access": False,
        "lock_configuration": True,
    }
    for name, value in settings.items():
        connection.execute(f"SET {name} = {_literal(value)}")
    return connection


def _literal(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_literal(item) for item in cast("list[object]", value)) + "]"
    return str(value).lower() if isinstance(value, bool | int) else "'" + str(value).replace("'", "''") + "'"


def _rows(cursor: duckdb.DuckDBPyConnection) -> dict[str, object]:
    columns = cursor.description or []
    return {"columns": [column[0] for column in columns], "types": [str(column[1]) for column in columns], "rows": cursor.fetchall()}


def _limit(limits: Limits) -> None:
    for what, value in (
        (resource.RLIMIT_AS, limits["address_space"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (ceiling, ceiling))


def _whose_fault(message: str) -> str:
    """A full disk is not the bill's fault; a file that grows beyond the box is; any other failure to read is the bill's."""
    if "No space left" in message:
        return "disk"
    return "limit" if "File too large" in message else "bill"


def _die_with(parent: int) -> None:
    """Be killed when the parent is, so that nobody writes into a folder that the next run has taken over."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _unplug() -> None:
    """Leave the network behind: a namespace of our own, with or without the rights of root. Where refused, go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


if __name__ == "__main__":
    main()
