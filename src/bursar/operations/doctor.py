"""Checks of the house, each with a named cause and one cure; nothing is changed and nothing leaves the machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Literal

from bursar.domain.errors import BillError, BursarError
from bursar.domain.wording import count
from bursar.exception_registry.registry import load
from bursar.ingestion.signatures import FORMATS
from bursar.lake import reports
from bursar.loop import Bursar
from bursar.policies.budgets import read_budgets
from bursar.ports import PolicyEngine, Script, Statement
from bursar.store import journal

Verdict = Literal["ok", "warn", "fail"]

ENOUGH_BYTES = 5 << 30
STALE = timedelta(days=2)
PINNED = {"duckdb": "1.5.5"}
"""Engines whose exact version decides digits; held to pyproject by a test."""

NETWORK_FILESYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "glusterfs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check: what was looked at, how it stands, why, and what to do."""

    check: str
    verdict: Verdict
    cause: str
    cure: str = ""


def examine(app: Bursar, engine: PolicyEngine) -> Iterator[Finding]:
    """Run every check in turn; a check that breaks is a finding too, under its error's own name."""
    asked: dict[str, Callable[[Bursar], Iterator[Finding]]] = {"policies": lambda _: _policies(engine)}
    for name, check in {**CHECKS, **asked}.items():
        try:
            yield from check(app)
        except BursarError as error:
            yield Finding(check=name, verdict="fail", cause=str(error), cure=error.cure)
        except OSError as error:
            yield Finding(
                check=name, verdict="fail", cause=f"{type(error).__name__}: {error}", cure="Check the file's permissions and the disk."
            )


def _configuration(app: Bursar) -> Iterator[Finding]:
    if app.config.project:
        sources = count(len(app.config.sources), "source")
        yield Finding(check="configuration", verdict="ok", cause=f"{app.config.project / 'bursar.yaml'}, {sources}")
    else:
        yield Finding(
            check="configuration",
            verdict="ok",
            cause="built-in defaults; no bursar.yaml here",
            cure="To write a commented one: bursar init",
        )


def _state_folder(app: Bursar) -> Iterator[Finding]:
    home = app.config.home.absolute()
    kind = _filesystem(home)
    free = shutil.disk_usage(home).free
    if kind in NETWORK_FILESYSTEMS:
        cure = "Put --home on a local disk; locks and syncs of a network file system do not hold."
        yield Finding(check="state folder", verdict="fail", cause=f"{home} is on {kind}, a network file system", cure=cure)
    elif free < ENOUGH_BYTES:
        yield Finding(
            check="state folder", verdict="warn", cause=f"{free >> 20:,} MB free below {home}", cure="Free some space, or move --home."
        )
    else:
        yield Finding(check="state folder", verdict="ok", cause=f"{home}, {free >> 30:,} GB free")


def _database(app: Bursar) -> Iterator[Finding]:
    with app.store.connect().execution_options(read_only=True) as connection:
        broken = journal.first_broken(connection)
    if broken is not None:
        cure = "Somebody or something edited the database. Restore it from a backup and compare."
        yield Finding(check="database", verdict="fail", cause=f"the journal's chain breaks at entry {broken}", cure=cure)
    else:
        yield Finding(check="database", verdict="ok", cause="migrations applied, journal chain whole")


def _engine(_app: Bursar) -> Iterator[Finding]:
    for package, wanted in PINNED.items():
        found = metadata.version(package)
        if found != wanted:
            cure = f"Install the version this release was proven with: {package}=={wanted}"
            yield Finding(check="engine", verdict="fail", cause=f"{package} {found}, but {wanted} decides the digits", cure=cure)
            return
    yield Finding(check="engine", verdict="ok", cause=", ".join(f"{package} {version}" for package, version in PINNED.items()))


def _box(app: Bursar) -> Iterator[Finding]:
    """The ingest child must answer, and must not read what it was not given."""
    app.warehouse.run(Script(statements=(Statement(name="alive", sql="SELECT 1", returns=True),)))
    try:
        app.warehouse.run(Script(statements=(Statement(name="peek", sql="SELECT * FROM read_csv('/etc/hostname')", returns=True),)))
    except BillError:
        yield Finding(check="ingest box", verdict="ok", cause=f"closed; memory {app.config.box.memory}, {app.config.box.threads} threads")
    else:
        yield Finding(
            check="ingest box",
            verdict="fail",
            cause="the ingest child could read a file it was not given",
            cure="Do not ingest anything; report this.",
        )


def _sources(app: Bursar) -> Iterator[Finding]:
    for source in app.config.sources:
        name = f"source {source.name}"
        path = Path(source.uri.removeprefix("file://"))
        if source.kind not in {"auto", *FORMATS}:
            yield Finding(check=name, verdict="fail", cause=f"unknown kind {source.kind!r}", cure=f"One of: auto, {', '.join(FORMATS)}.")
        elif not source.uri.startswith("file://"):
            yield Finding(
                check=name, verdict="fail", cause=f"cannot read {source.uri}", cure="Copy the export to a folder and use file://."
            )
        elif not path.exists():
            yield Finding(check=name, verdict="fail", cause=f"there is no {path}", cure="Create it, or mend the uri.")
        elif not os.access(path, os.R_OK | os.X_OK):
            yield Finding(check=name, verdict="fail", cause=f"{path} may not be read by this user", cure=f"Allow it: chmod -R a+rX {path}")
        else:
            yield Finding(check=name, verdict="ok", cause=str(path))


def _rules(app: Bursar) -> Iterator[Finding]:
    app.marts.check()
    own = [name for name in ("rules.yaml", "units.yaml") if app.config.file(name)]
    yield Finding(check="rules", verdict="ok", cause=f"{' and '.join(own)} are valid" if own else "built-in owner rules")


def _decisions(app: Bursar) -> Iterator[Finding]:
    """The files that say what may be spent, and what is excused."""
    budgets = read_budgets(app.config.file("budgets.yaml"))
    with app.store.connect().execution_options(read_only=True) as connection:
        registry = load(connection, now=app.clock(), file=app.config.file("exceptions.yaml"), owners=app.config.owners)
    for found in registry.findings:
        yield Finding(check=f"exception {found.exception}", verdict="warn", cause=found.message, cure="Mend it in exceptions.yaml.")
    yield Finding(
        check="decisions", verdict="ok", cause=f"{count(len(budgets.by_id), 'budget')}, {count(len(registry.applying()), 'exception')}"
    )


def _policies(engine: PolicyEngine) -> Iterator[Finding]:
    """Whether the policy engine answers: without it the gate denies everything and nothing is applied."""
    try:
        said = engine.evaluate("remediation", {})
    finally:
        engine.close()
    if not said.policy_digest:
        cure = (
            "Install OPA and name it in bursar.yaml: opa: {binary: /usr/local/bin/opa}. Until then the gate denies, and nothing is applied."
        )
        yield Finding(check="policies", verdict="warn", cause=f"no policy answers ({said.reason}): {said.detail}", cure=cure)
    else:
        yield Finding(check="policies", verdict="ok", cause=f"OPA answers, rules {said.policy_digest[:12]}")


def _channels(app: Bursar) -> Iterator[Finding]:
    """Who would be told where. Nobody is asked: nothing leaves the machine."""
    slack = app.config.channels.slack
    if slack is None:
        cure = "To tell people in Slack: channels.slack in bursar.yaml."
        yield Finding(check="channels", verdict="ok", cause="the console alone", cure=cure)
        return
    silent = sorted(name for name, owner in app.config.owners.items() if not owner.slack)
    told = f"Slack, {slack.default} unless an owner has a channel"
    if silent:
        yield Finding(check="channels", verdict="warn", cause=f"{told}; none has: {', '.join(silent)}", cure="Name it: owners.NAME.slack.")
    else:
        yield Finding(check="channels", verdict="ok", cause=told)


def _data(app: Bursar) -> Iterator[Finding]:
    head = app.lake.head()
    if head is None:
        yield Finding(check="data", verdict="warn", cause="nothing has been ingested yet", cure="bursar ingest bill.csv, or bursar demo")
        return
    missing = [file.path for file in head.files if not file.path.is_file()]
    if missing:
        cure = "Restore the lake from a backup, or ingest the bill again into a new --home."
        yield Finding(
            check="data",
            verdict="fail",
            cause=f"{count(len(missing), 'file is gone', 'files are gone')} of generation {head.n}, such as {missing[0].name}",
            cure=cure,
        )
        return
    age = app.clock() - head.data_as_of if head.data_as_of else None
    if age and age > STALE:
        yield Finding(
            check="data",
            verdict="warn",
            cause=f"generation {head.n}; the newest export is {count(age.days, 'day')} old",
            cure="Ingest a newer export.",
        )
    else:
        yield Finding(check="data", verdict="ok", cause=f"generation {head.n}, {count(len(head.periods()), 'billing period')}")


def _quarantine(app: Bursar) -> Iterator[Finding]:
    for held in reports.quarantine(app.store):
        yield Finding(check=f"quarantine {held.name}", verdict="warn", cause=held.cause or held.outcome, cure=held.cure or "")


CHECKS: dict[str, Callable[[Bursar], Iterator[Finding]]] = {
    "configuration": _configuration,
    "state folder": _state_folder,
    "database": _database,
    "engine": _engine,
    "ingest box": _box,
    "sources": _sources,
    "rules": _rules,
    "decisions": _decisions,
    "channels": _channels,
    "data": _data,
    "quarantine": _quarantine,
}
"""Every check by name, in the order they are run."""


def _filesystem(path: Path) -> str:
    """The type of the file system that holds a path, by the longest mount point (Linux; '' elsewhere)."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return ""
    entries = [line.split()[1:3] for line in mounts.read_text("utf-8").splitlines()]
    holding = [(point, kind) for point, kind in entries if path.is_relative_to(point)]
    return max(holding, key=lambda entry: len(entry[0]))[1] if holding else ""
