"""What no linter knows of acting: one door, no dry run."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[3] / "src" / "bursar"


def calls(path: Path, name: str) -> list[int]:
    """Lines on which a method of this name is called on something called an estate."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == name
        and "estate" in ast.unparse(node.func.value).lower()
    ]


def test_a_cloud_is_changed_in_one_place() -> None:
    """`Estate.execute` is called in actions/apply.py, once, and nowhere else."""
    found = {str(path.relative_to(SOURCE)): lines for path in SOURCE.rglob("*.py") if (lines := calls(path, "execute"))}
    assert list(found) == ["actions/apply.py"]
    assert len(found["actions/apply.py"]) == 1


def test_there_is_no_dry_run() -> None:
    """No parameter, option or setting of that name: making a plan is the dry run."""
    names = {
        name
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in ([node.arg] if isinstance(node, ast.arg | ast.keyword) and node.arg else [])
    }
    assert not {name for name in names if "dry" in name.split("_")}
    assert "--dry" not in "".join(path.read_text("utf-8") for path in (SOURCE / "surfaces").rglob("*.py"))
