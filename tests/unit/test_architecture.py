"""The house's own rules that no linter knows."""

import ast
import sys
import tomllib
from pathlib import Path
from typing import TypeGuard

import pytest

from bursar.operations.doctor import PINNED

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bursar"
INSIDE = [*sorted((SOURCE / "domain").glob("*.py")), SOURCE / "ports.py"]


def imports(path: Path) -> set[str]:
    """The top names a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: path.name)
def test_the_inside_imports_the_standard_library_only(path: Path) -> None:
    """Domain values and ports depend on nothing that has to be installed."""
    assert imports(path) <= set(sys.stdlib_module_names) | {"bursar"}


def test_statuses_live_at_the_surfaces() -> None:
    """No room below the surfaces ends the process or knows an HTTP status."""
    below = [path for path in SOURCE.rglob("*.py") if "surfaces" not in path.parts and path.name not in {"__main__.py", "child.py"}]
    assert not [path.name for path in below if {"http", "fastapi", "starlette", "click"} & imports(path)]
    assert not [path.name for path in below if "sys.exit(" in path.read_text("utf-8")]


def test_no_cost_is_a_float() -> None:
    """Below the surfaces, money is never converted to a float."""
    rooms = [path for room in ("domain", "ingestion", "allocation", "lake", "query") for path in (SOURCE / room).rglob("*.py")]
    assert not [f"{path.name}:{node.lineno}" for path in rooms for node in ast.walk(ast.parse(path.read_text("utf-8"))) if _is_float(node)]


def _is_float(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"


def test_the_engine_is_pinned_to_the_proven_version() -> None:
    """The engine whose version decides digits is pinned exactly, in the one place that counts."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert {f"{name}=={version}" for name, version in PINNED.items()} <= set(declared)


def test_files_are_one_idea() -> None:
    """No source file is longer than five hundred lines."""
    assert not [str(path) for path in SOURCE.rglob("*.py") if len(path.read_text("utf-8").splitlines()) > 500]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda path: path.stem)
def test_a_decision_names_its_guard(path: Path) -> None:
    """Every decision says what fails when it is broken, on a page that is read in a minute."""
    text = path.read_text("utf-8")
    assert "## Guard\n" in text
    assert len(text.splitlines()) <= 60
