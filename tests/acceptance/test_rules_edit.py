"""An edited rule moves cost between teams, and nothing else."""

from __future__ import annotations

from tests.acceptance.conftest import House

RULES = """\
dimensions:
  team:
    - {when: "service_name = 'Acme Compute' AND tag:team = 'web'", value: shop}
    - tags: [team]
    - {default: unallocated}
"""


def test_an_edited_rule_moves_cost_but_no_total(house: House) -> None:
    """The next build publishes it; no bill is normalised again, every total stays to the digit."""

    def teams() -> dict[str, str]:
        return {row["team"]: row["value"] for row in house.costs("allocated_cost", "--group-by", "team")["rows"]}

    before = (house.totals("billed_cost"), house.totals("allocated_cost"))
    focus = {path: path.stat().st_mtime_ns for path in (house.home / "lake" / "focus").rglob("*.parquet")}
    assert teams() == {"core": "10", "web": "20"}
    (house.project / "bursar.yaml").write_text("version: 1\n")
    (house.project / "rules.yaml").write_text(RULES)
    assert "Published generation 2." in house.run("build").out
    assert teams() == {"core": "10", "shop": "20"}
    assert (house.totals("billed_cost"), house.totals("allocated_cost")) == before
    assert {path: path.stat().st_mtime_ns for path in (house.home / "lake" / "focus").rglob("*.parquet")} == focus
    assert len(house.run("history", "--format", "json").json["rows"]) == 1
    assert "Nothing changed; generation 2 stands." in house.run("build").out
