"""Documentation says what is so: generated pages are current, links resolve, every verb is told."""

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bursar.surfaces.cli.main import VERBS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def generated() -> dict[str, Callable[[], str]]:
    """The generated pages with their makers."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.PAGES


@pytest.mark.parametrize("name", sorted(generated()))
def test_a_generated_page_is_current(name: str) -> None:
    """What `make docs` would write is what is committed."""
    assert (ROOT / name).read_text("utf-8") == generated()[name]()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    """Every relative link of a page leads to a file of the repository."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    targets = [
        target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target and not target.startswith("#")
    ]
    assert not [target for target in targets if not (page.parent / target).exists()]


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_documented(verb: str) -> None:
    """A verb that --help lists is told in docs/cli.md."""
    assert f"`bursar {verb}" in (ROOT / "docs" / "cli.md").read_text("utf-8")


def test_no_page_speaks_of_a_verb_that_is_gone() -> None:
    """Commands shown in the pages exist."""
    shown = {match for page in PAGES for match in re.findall(r"(?:^|[`$&] ?)bursar ([a-z]+)", page.read_text("utf-8"), flags=re.MULTILINE)}
    assert shown <= {*VERBS}
