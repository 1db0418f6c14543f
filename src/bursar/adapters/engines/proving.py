"""The rules' own tests: format, strict compilation, unit tests, and every line covered. An empty run fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from bursar.adapters.engines.bundle import run
from bursar.domain.errors import ConfigError, Refused

_CURE = "Mend it, then again: bursar policy test"


def prove(binary: Path, *, library: Path, own: Path | None, seconds: float) -> Iterator[str]:
    """What was proven, line by line. Raises Refused at the first thing that does not hold."""
    folders = [str(library), *([str(own)] if own and own.is_dir() and any(own.rglob("*.rego")) else [])]
    capabilities = ["--capabilities", str(library / "capabilities.json")]
    rest = [*capabilities, "--ignore", "*.json", *folders]
    _formatted(binary, folders, seconds=seconds)
    yield "Formatted as opa fmt writes it."
    _refusing(binary, ["check", "--strict", "--schema", str(library / "schemas"), *rest], seconds=seconds)
    yield "Compiles strictly, without network, clock or randomness."
    passed = _tested(binary, ["test", "-f", "json", "--fail-on-empty", *rest], seconds=seconds)
    yield f"{passed} tests pass."
    told = _coverage(_refusing(binary, ["test", "--coverage", "-f", "json", *rest], seconds=seconds))
    yield f"Every line is covered: {told}."


def _formatted(binary: Path, folders: list[str], *, seconds: float) -> None:
    unformatted = run(binary, ["fmt", "--list", *folders], seconds=seconds).split()
    if unformatted:
        raise Refused(f"not formatted: {', '.join(Path(name).name for name in unformatted[:10])}", cure="opa fmt --write FOLDER")


def _tested(binary: Path, words: list[str], *, seconds: float) -> int:
    """How many tests passed."""
    try:
        results = cast("list[dict[str, object]]", json.loads(run(binary, words, seconds=seconds)) or [])
    except ConfigError as error:
        raise Refused(_failed(error.message), cure=_CURE) from error
    if not results:
        raise Refused("there are no tests", cure=_CURE)
    return len(results)


def _failed(message: str) -> str:
    """The names of the tests that failed, where the engine told them; else what it said."""
    start = message.find("[")
    try:
        results = cast("list[dict[str, object]]", json.loads(message[start:]) if start >= 0 else [])
    except ValueError:
        return message
    names = [str(one.get("name")) for one in results if one.get("fail") or one.get("error")]
    return f"{len(names)} failed: {', '.join(names[:10])}" if names else message


def _coverage(text: str) -> str:
    """How many lines were reached. Raises Refused naming those that were not."""
    told = cast("dict[str, object]", json.loads(text))
    reports = cast("dict[str, dict[str, object]]", told.get("files") or {})
    missed = [
        f"{Path(file).name}:{span['start']['row']}"
        for file, report in reports.items()
        for span in cast("list[dict[str, dict[str, int]]]", report.get("not_covered") or [])
    ]
    if missed or not told.get("covered_lines"):
        raise Refused(f"not covered by a test: {', '.join(missed[:10])}", cure="Write a test that needs the line, or take it out.")
    return f"{told['covered_lines']} lines"


def _refusing(binary: Path, words: list[str], *, seconds: float) -> str:
    try:
        return run(binary, words, seconds=seconds)
    except ConfigError as error:
        raise Refused(error.message, cure=_CURE) from error
