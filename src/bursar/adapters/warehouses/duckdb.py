"""The DuckDB warehouse: scripts in a boxed child, questions in the reader's box, the allocation project through dbt."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import duckdb

from bursar.adapters.warehouses.child import Job, Limits
from bursar.adapters.warehouses.dbt import parsed_folder, prepare, run_dbt
from bursar.adapters.warehouses.scratch import scratch_folder, sweep
from bursar.domain.errors import BillError, OverLimit, Unavailable
from bursar.ports import Build, Rows, Script

GIB = 1 << 30
SCRATCH = "build.duckdb"
"""Name of the database of a build; the parsed project names its relations after it."""

OPEN_BOXES = 8
"""Reader's boxes kept open; each is one set of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Limits of the ingest child and of the builds. Bytes, seconds; `memory` as DuckDB writes it.

    A script may use `cpu_seconds` of processor time and one more for every `cpu_bytes` it reads: tens of times what a bill
    takes, and little enough that a small file which unpacks without end is stopped within seconds.
    """

    memory: str = "640MB"
    threads: int = 2
    cpu_seconds: int = 20
    cpu_bytes: int = 250_000
    wall_seconds: int = 1800
    file_bytes: int = 16 * GIB
    temp: str = "20GB"
    query_seconds: float = 30.0
    build_memory: str = "1GB"

    @property
    def address_space(self) -> int:
        """Bytes of address space: what DuckDB may fill twice over, and the libraries."""
        count, unit = int(self.memory[:-2]), self.memory[-2:]
        return max(3 * GIB, 2 * GIB + 2 * count * (GIB if unit == "GB" else 1 << 20))

    def cpu_for(self, size: int) -> int:
        """Seconds of processor time for a script that reads so many bytes."""
        return self.cpu_seconds + size // self.cpu_bytes


class DuckDBWarehouse:
    """`ports.Warehouse` on DuckDB. `scratch` is a private folder on local disk for temporary files."""

    def __init__(self, scratch: Path, *, box: Box | None = None) -> None:
        self.box = box or Box()
        self._scratch = scratch
        self._open: OrderedDict[tuple[Path, ...], duckdb.DuckDBPyConnection] = OrderedDict()
        self._lock = threading.Lock()
        self._prepared: set[Path] = set()
        self._swept = False
        self._parsed = parsed_folder(scratch / "dbt")

    def run(self, script: Script) -> Mapping[str, Rows]:
        """Run a script in the ingest child. Raises BillError, or OverLimit when the child was stopped."""
        with self._folder() as scratch:
            job = self._job(script, scratch)
            process = subprocess.Popen(
                [sys.executable, "-I", "-m", "bursar.adapters.warehouses.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(scratch), "MALLOC_ARENA_MAX": "2"},
                cwd=scratch,
                text=True,
                start_new_session=True,
            )
            out, err = self._finish(process, json.dumps(job))
        return _answers(process.returncode, out, err)

    def rows(self, sql: str, parameters: Sequence[object] = (), *, reads: Sequence[Path]) -> Rows:
        """Answer one SELECT over exactly these files. Raises Unavailable when it takes longer than the box allows."""
        cursor = self._reader(tuple(reads)).cursor()
        statements = cursor.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            told = ", ".join(statement.type.name for statement in statements) or "nothing"
            raise PermissionError(f"the reader's box answers one SELECT, not {told}")
        (statement,) = statements
        timer = threading.Timer(self.box.query_seconds, cursor.interrupt)
        timer.start()
        try:
            result = cursor.execute(statement, parameters)
            columns = result.description or []
            return Rows(tuple(str(column[0]) for column in columns), tuple(str(column[1]) for column in columns), result.fetchall())
        except duckdb.InterruptException as error:
            raise Unavailable(
                f"the question took longer than {self.box.query_seconds:g} s", cure="Narrow the window or the filter."
            ) from error
        finally:
            timer.cancel()
            cursor.close()

    def prepare(self, project: Path) -> None:
        """Import dbt and parse the project beside whatever the children do now."""
        if project not in self._prepared:
            self._prepared.add(project)
            prepare(project, SCRATCH, self._parsed)

    def build(self, build: Build) -> None:
        """Run the dbt project over a scratch database of its own name, then write the wanted relations as Parquet."""
        with self._folder() as folder:
            scratch = folder / SCRATCH  # a new folder each time: DuckDB remembers a path it once opened
            self._lay_inputs(scratch, build)
            variables = dict(build.variables)
            run_dbt(
                build.project,
                scratch,
                variables=variables,
                threads=self.box.threads,
                memory_limit=self.box.build_memory,
                target=self._parsed,
            )
            with self._writer(scratch) as connection:
                for relation, path in build.outputs.items():
                    connection.execute(f"COPY (SELECT * FROM {relation}) TO '{_quoted(path)}' (FORMAT parquet, COMPRESSION zstd)")

    def _lay_inputs(self, scratch: Path, build: Build) -> None:
        with self._writer(scratch) as connection:
            connection.execute("CREATE SCHEMA inputs")
            for name, files in build.inputs.items():
                listed = ", ".join(f"'{_quoted(file)}'" for file in files)
                connection.execute(f"CREATE VIEW inputs.{name} AS {build.views[name].replace('{files}', f'[{listed}]')}")

    @contextmanager
    def _writer(self, path: Path) -> Generator[duckdb.DuckDBPyConnection]:
        connection = duckdb.connect(str(path))
        settings = (
            f"memory_limit = '{self.box.build_memory}'",
            f"threads = {self.box.threads}",
            "TimeZone = 'UTC'",
            "enable_progress_bar = false",
        )
        for setting in settings:
            connection.execute(f"SET {setting}")
        try:
            yield connection
        finally:
            connection.close()

    def _reader(self, reads: tuple[Path, ...]) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if reads in self._open:
                self._open.move_to_end(reads)
                return self._open[reads]
            connection = duckdb.connect(":memory:")
            paths = ", ".join(f"'{_quoted(path)}'" for path in reads)
            for setting in (
                "temp_directory = ''",
                "memory_limit = '1GB'",
                f"threads = {self.box.threads}",
                "TimeZone = 'UTC'",
                "enable_progress_bar = false",
                "autoinstall_known_extensions = false",
                "autoload_known_extensions = false",
                "parquet_metadata_cache = true",
                f"allowed_paths = [{paths}]",
                "enable_external_access = false",
                "lock_configuration = true",
            ):
                connection.execute(f"SET {setting}")
            self._open[reads] = connection
            while len(self._open) > OPEN_BOXES:
                self._open.popitem(last=False)
            return connection

    def _job(self, script: Script, scratch: Path) -> Job:
        limits = Limits(
            address_space=self.box.address_space,
            cpu_seconds=self.box.cpu_for(sum(path.stat().st_size for path in script.reads if path.exists())),
            file_bytes=self.box.file_bytes,
            open_files=1024 + 2 * len(script.reads),
            threads=self.box.threads,
            memory=self.box.memory,
            temp=self.box.temp,
        )
        statements = [(statement.name, statement.sql, statement.returns) for statement in script.statements]
        writes = str(script.writes) if script.writes else None
        reads = [str(path) for path in script.reads]
        return Job(statements=statements, reads=reads, writes=writes, scratch=str(scratch), limits=limits, parent=os.getpid())

    def _finish(self, process: "subprocess.Popen[str]", job: str) -> tuple[str, str]:
        try:
            return process.communicate(job, timeout=self.box.wall_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def _folder(self) -> AbstractContextManager[Path]:
        """A temporary folder; the first one also clears away what killed processes left."""
        with self._lock:
            if not self._swept:
                sweep(self._scratch)
                self._swept = True
        return scratch_folder(self._scratch)


def _answers(code: int | None, out: str, err: str) -> dict[str, Rows]:
    """The child's reply as rows; its failures as errors that say who can mend them."""
    try:
        reply: dict[str, object] = json.loads(out)
    except ValueError:
        reply = {}
    if "answers" in reply:
        answers = cast("dict[str, dict[str, list[object]]]", reply["answers"])
        return {name: _decoded(answer) for name, answer in answers.items()}
    if reply.get("kind") == "bill":
        raise BillError(str(reply["message"]))
    if reply.get("kind") == "disk":
        raise Unavailable(f"the disk is full: {reply['message']}", cure="Free some space below --home, then run it again.")
    if reply.get("kind") == "limit" or (code is not None and code < 0) or "MemoryError" in err or "std::bad_alloc" in err:
        why = str(reply.get("message") or (_stopped(signal.Signals(-code)) if code and code < 0 else "out of memory"))
        raise OverLimit(
            f"it does not fit in the box bills are parsed in: {why}",
            cure="Ask for a smaller export, or raise `box` in bursar.yaml if you trust the file.",
        )
    last = err.strip().splitlines()[-1] if err.strip() else "no answer"
    raise Unavailable(f"the ingest child failed: {last}", cure="Run: bursar doctor")


def _stopped(by: signal.Signals) -> str:
    return "it needs far more time than a file of its size" if by in {signal.SIGXCPU, signal.SIGKILL} else f"stopped by {by.name}"


def _decoded(answer: Mapping[str, list[object]]) -> Rows:
    types = tuple(str(kind) for kind in answer["types"])
    rows = cast("list[list[object]]", answer["rows"])
    return Rows(tuple(str(name) for name in answer["columns"]), types, [tuple(map(_value, types, row)) for row in rows])


def _value(kind: str, value: object) -> object:
    """A value of a SQL type from its JSON form."""
    if value is None:
        return None
    if kind.startswith("DECIMAL"):
        return Decimal(str(value))
    if kind == "DATE":
        return date.fromisoformat(str(value))
    if kind.startswith("TIMESTAMP"):
        return datetime.fromisoformat(str(value))
    return value


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
