"""The files of a user's project, as `bursar init` writes them: the package's defaults, every line commented."""

from importlib import resources
from pathlib import Path

from bursar.domain.errors import Refused

FILES = {
    "bursar.yaml": ("bursar.operations", "project/bursar.yaml"),
    "rules.yaml": ("bursar.allocation", "rules.yaml"),
    "units.yaml": ("bursar.allocation", "units.yaml"),
    "budgets.yaml": ("bursar.policies", "budgets.yaml"),
    "exceptions.yaml": ("bursar.policies", "exceptions.yaml"),
}
"""Each file with the package that holds its default."""


def write_project(folder: Path) -> list[Path]:
    """Write the project's files into a folder. Raises Refused, and writes none, when one of them is there already."""
    there = [name for name in FILES if (folder / name).exists()]
    if there:
        raise Refused(f"{folder / there[0]} is there already", cure="Choose another folder, or move the file away.")
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, (package, path) in FILES.items():
        target = folder / name
        target.write_text(resources.files(package).joinpath(path).read_text("utf-8"), "utf-8")
        written.append(target)
    return written
