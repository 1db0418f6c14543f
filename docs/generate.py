"""Write the generated page, the data dictionary. `make docs` runs it; a test compares."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "bursar"
MARTS = SOURCE / "allocation" / "dbt" / "models" / "marts"

HEAD = """# Data dictionary

Generated from `src/bursar/ingestion/focus/columns.yaml` and the contracts of the marts by `make docs`. Do not edit.

## cost_and_usage

One row per charge, as FOCUS 1.4 defines it, with the two columns 1.2 still has and bursar's own (`x_…`). Money is
DECIMAL(38,12) in `BillingCurrency`; times are UTC, ends exclusive.

| column | type | FOCUS | null | meaning |
|---|---|---|---|---|
"""


def data_dictionary() -> str:
    """The data dictionary as Markdown."""
    columns = yaml.safe_load((SOURCE / "ingestion/focus/columns.yaml").read_text("utf-8"))["columns"]
    rows = "\n".join(_column(column) for column in columns)
    marts = "\n\n".join(_mart(path) for path in sorted(MARTS.glob("*.yml")))
    return f"{HEAD}{rows}\n\n# Marts\n\nOne file per mart and billing period. Contracts are enforced by dbt at every build.\n\n{marts}\n"


PAGES = {"docs/data-dictionary.md": data_dictionary}
"""Every generated page with its maker."""


def main() -> None:
    """Write every page whose content changed."""
    for name, make in PAGES.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(), "utf-8")


def _column(column: dict[str, Any]) -> str:
    null = column["nullable"]
    told = (
        "yes"
        if null is True
        else "no"
        if null is False
        else ", ".join(f"{version}: {'yes' if value else 'no'}" for version, value in null.items())
    )
    allowed = column.get("allowed")
    values = f" One of: {', '.join(allowed)}." if allowed and len(allowed) <= 8 else f" One of {len(allowed)} values." if allowed else ""
    meaning = " ".join(column["description"].split()).replace("|", "\\|")
    return f"| `{column['name']}` | {column['type']} | {', '.join(column['focus']) or 'bursar'} | {told} | {meaning}{values} |"


def _mart(path: Path) -> str:
    model = yaml.safe_load(path.read_text("utf-8"))["models"][0]
    rows = "\n".join(f"| `{column['name']}` | {column['data_type']} | {column.get('description', '')} |" for column in model["columns"])
    return f"## {model['name']}\n\n{' '.join(model.get('description', '').split())}\n\n| column | type | meaning |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    main()
