"""What is installed from the wheel is complete and stands alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = Path(os.environ.get("BURSAR_COMMAND", ROOT / ".venv" / "bin" / "bursar"))
PYTHON = COMMAND.with_name("python")


def python(code: str, tmp_path: Path) -> str:
    """What the installed interpreter prints, started away from the repository."""
    done = subprocess.run([str(PYTHON), "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif("BURSAR_COMMAND" not in os.environ, reason="make test installs the wheel and names it")
def test_the_wheel_is_what_runs(tmp_path: Path) -> None:
    """The package comes out of the wheel's environment, with the source tree out of reach."""
    assert not python("import bursar; print(bursar.__file__)", tmp_path).startswith(str(ROOT / "src"))


@pytest.mark.parametrize(
    "path",
    [
        "ingestion/focus/columns.yaml",
        "ingestion/focus/aws.sql",
        "ingestion/focus/conformance.yaml",
        "ingestion/reference/aws_services.csv",
        "allocation/rules.yaml",
        "allocation/dbt/dbt_project.yml",
        "allocation/dbt/macros/exact_split.sql",
        "operations/project/bursar.yaml",
        "policies/rego/gate.rego",
        "policies/rego/capabilities.json",
        "policies/rego/canaries/gate.json",
        "policies/prices.yaml",
        "policies/own_prices.sql",
        "query/filter.lark",
        "store/migrations/versions/0001_first_tables.py",
        "surfaces/schemas/costs.json",
        "surfaces/web/templates/base.html",
        "surfaces/web/static/vendor/echarts.min.js",
        "adapters/clouds/simulated/aws/columns.csv",
        "py.typed",
    ],
)
def test_package_data_is_installed(path: str, tmp_path: Path) -> None:
    """Every kind of file the rooms read ships with them."""
    assert python(f"from importlib.resources import files; print(files('bursar').joinpath({path!r}).is_file())", tmp_path) == "True"


def test_no_build_rubbish_is_installed(tmp_path: Path) -> None:
    """No target folder, log or test of the allocation project ends up in an installation."""
    found = python(
        "import bursar, pathlib; print([p.name for p in pathlib.Path(bursar.__file__).parent.rglob('*') if p.name in ('target', 'logs')])",
        tmp_path,
    )
    assert found == "[]"


def test_the_command_is_light(tmp_path: Path) -> None:
    """`--help` lists the verbs without importing an engine, a web framework or dbt."""
    heavy = "duckdb", "fastapi", "dbt", "sqlalchemy", "pydantic"
    code = f"import bursar.surfaces.cli.main, sys; print([name for name in {heavy!r} if name in sys.modules])"
    assert python(code, tmp_path) == "[]"


def test_python_is_supported() -> None:
    """The floor is 3.11."""
    assert sys.version_info >= (3, 11)
