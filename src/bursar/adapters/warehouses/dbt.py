"""The allocation project run by dbt, in this process, over a scratch database that somebody else has laid.

dbt takes seconds to import and to parse, so both happen once per process: the manifest is kept and only variables change. They may
change the SQL of a model, never its references, as references are read when the manifest is made.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.domain.errors import BillError, ConfigError, Unavailable

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunner, dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

RULES = "rules"
"""The tag of tests whose failure the rules' author mends; any other failure is the bill's."""

_MANIFESTS: dict[tuple[Path, str], Manifest] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A model or test that failed: its name, what dbt says, its tags, and the SQL that shows why."""

    name: str
    message: str
    tags: tuple[str, ...]
    sql: str


def run_dbt(  # noqa: PLR0913 - what a run is made of
    project: Path,
    scratch: Path,
    *,
    variables: Mapping[str, object],
    threads: int,
    memory_limit: str,
    target: Path,
    exclude: Sequence[str] = ("tag:deep",),
) -> None:
    """Build and test every model of `project` in the DuckDB file `scratch`, whose schema `inputs` is laid; closes the file.

    `scratch` keeps one file name from build to build (its folder may change), as relations are named after it. `target` is where the
    parsed project is kept for the next process. Raises BillError naming the test that found the bill and the marts apart, with the first
    row it found; ConfigError for a test tagged `rules`; Unavailable when the engine itself failed.
    """
    with _LOCK:
        manifest = _manifest(project, scratch.name, target)
        _write_profile(scratch.parent, scratch, threads=threads, memory_limit=memory_limit)
        try:
            failure = _build(manifest, [*_places(project, scratch.parent), "--exclude", *exclude, "--vars", json.dumps(dict(variables))])
        finally:
            _close()
        if failure:
            raise _told(failure, scratch)


def parsed_folder(fallback: Path) -> Path:
    """Where the parsed project is kept between runs: the user's cache, so that a new state folder does not pay for it again.

    Falls back where there is no cache of one's own: what is kept there is run.
    """
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bursar" / "dbt"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        told = folder.stat()
    except (OSError, RuntimeError):
        return fallback
    return folder if told.st_uid == os.getuid() and not told.st_mode & 0o022 else fallback


def prepare(project: Path, database: str, target: Path) -> None:
    """Import dbt and parse the project in a thread, so that a build that comes soon starts at once.

    What fails here fails again in the build, and is told there.
    """

    def parse() -> None:
        with _LOCK, suppress(Exception):
            _manifest(project, database, target)

    threading.Thread(target=parse, name="dbt-parse").start()


def _write_profile(folder: Path, scratch: Path, *, threads: int, memory_limit: str) -> None:
    """Compressing columns that live for seconds costs half of a build, so they are stored as they are."""
    settings = {
        "memory_limit": memory_limit,
        "threads": threads,
        "TimeZone": "UTC",
        "preserve_insertion_order": False,
        "temp_directory": str(scratch.parent),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "force_compression": "uncompressed",
    }
    output = {"type": "duckdb", "path": str(scratch), "schema": "main", "threads": 1, "settings": settings}
    written = folder / f"profiles.{os.getpid()}.tmp"
    written.write_text(json.dumps({"bursar": {"target": "build", "outputs": {"build": output}}}))
    written.replace(folder / "profiles.yml")


def _places(project: Path, folder: Path) -> list[str]:
    """Where dbt reads and writes: profile, compiled SQL and logs in one folder."""
    return ["--project-dir", str(project), "--profiles-dir", str(folder), "--target-path", str(folder), "--log-path", str(folder)]


def _manifest(project: Path, database: str, target: Path) -> Manifest:
    """The parsed project, once per process, and from `target` where an earlier process parsed the same files."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    key = (project.resolve(), database)
    if key not in _MANIFESTS:
        target.mkdir(parents=True, exist_ok=True)
        _write_profile(target, target / database, threads=1, memory_limit="1GB")
        result = _invoke(dbtRunner(), ["--no-version-check", *_quiet(), "parse", *_places(project, target)])
        if not isinstance(result.result, Manifest):
            raise ConfigError(
                f"the project {project} does not parse: {result.exception}", cure="Reinstall bursar: its package data is damaged."
            )
        _MANIFESTS[key] = result.result
    return _MANIFESTS[key]


def _invoke(runner: dbtRunner, arguments: list[str]) -> dbtRunnerResult:
    return runner.invoke(arguments)  # pyright: ignore[reportUnknownMemberType] - its keyword arguments are untyped


def _quiet() -> list[str]:
    return [
        "--quiet",
        "--no-print",
        "--no-use-colors",
        "--log-level",
        "none",
        "--log-level-file",
        "none",
        "--no-write-json",
        "--no-send-anonymous-usage-stats",
    ]


def _build(manifest: Manifest, arguments: Sequence[str]) -> Failure | None:
    """Run everything; the first failure, those of the rules before others as they explain them."""
    from dbt.artifacts.schemas.run import RunExecutionResult
    from dbt.cli.main import dbtRunner

    result = _invoke(dbtRunner(manifest=manifest), ["--no-version-check", *_quiet(), "build", *arguments])
    if not isinstance(result.result, RunExecutionResult):
        raise Unavailable(f"the build could not start: {result.exception}", cure="Run: bursar doctor")
    failures = [
        Failure(
            name=each.node.name,
            message=str(each.message or each.status),
            tags=tuple(each.node.tags),
            sql=str(getattr(each.node, "compiled_code", "") or "") if each.node.resource_type == "test" and each.failures else "",
        )
        for each in result.result.results
        if each.status in {"error", "fail"}
    ]
    return min(failures, key=lambda failure: (RULES not in failure.tags, not failure.sql), default=None)


def _close() -> None:
    """Let go of the file: DuckDB refuses a second opening with other settings while one is open."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager as Connections
    from dbt.adapters.factory import reset_adapters

    environment = Connections._ENV  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - dbt-duckdb has no public way to close it
    if environment is not None:
        environment.close()
    Connections.close_all_connections()
    reset_adapters()


def _told(failure: Failure, scratch: Path) -> BillError | ConfigError | Unavailable:
    """The failure in words: what was promised, and the first row that breaks it. Tests of the rules word it themselves."""
    if not failure.sql:
        lines = (line.strip() for line in failure.message.strip().splitlines())
        return Unavailable(f"the build stopped at {failure.name}: {' '.join(lines)}", cure="Run: bursar doctor")
    row = _first_row(failure.sql, scratch)
    if RULES in failure.tags:
        return ConfigError(f"rules.yaml: {row['problem']}", cure=str(row["cure"]))
    found = "; ".join(f"{name}={value}" for name, value in row.items())
    promise = failure.name.replace("_", " ")
    return BillError(f"the marts do not add up to the bill ({promise}): {found}", cure="Nothing was published. Report this as a bug.")


def _first_row(sql: str, scratch: Path) -> dict[str, object]:
    import duckdb

    with duckdb.connect(str(scratch), read_only=True) as connection:
        result = connection.execute(sql)
        names = [str(column[0]) for column in result.description or []]
        return dict(zip(names, result.fetchone() or (), strict=False))
