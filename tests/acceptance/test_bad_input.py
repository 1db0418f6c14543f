"""Wrong bills and wrong rules: told by name with a cure, shown in Data health, and everything else goes on."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.acceptance.conftest import COLUMNS, House, Said, bill, charge, once

WRONG = {
    "cut.parquet": "cut.parquet",
    "cut.csv.gz": "cut.csv.gz: cut short",
    "manifest": "the manifest names cur-00002.csv, which is not there",
    "nocost.csv": "nocost.csv: no column EffectiveCost",
    "huge.csv": "huge.csv",
    "currency.csv": "currency.csv: unknown currency 'XYZ'",
    "bomb.parquet": "would unpack to about 18.",
    "empty.csv": "empty.csv: holds no charges, not a row",
    "notes.csv": "notes.csv: unknown format; its header is: alpha, beta",
    "slides.pdf": "slides.pdf: not a kind of file bills come in",
    "requests.csv": "requests.csv: two quantities for one key",
    "invoices.csv": "invoices.csv, line 2: not an amount of money",
    "manifest.json": "the manifest is not JSON",
}
"""Every wrong thing that is delivered, and what is said about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoiled:
    """A house into which a folder of wrong files and one good one was ingested."""

    house: House
    said: Said
    health: dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def spoiled(small: House, session_folder: Path) -> Spoiled:
    """One ingest of everything that can be wrong, made once a run."""
    with once(session_folder, "spoiled") as place:
        if place:
            fill(small.copy(place).project / "drop")
            said = House(project=place).run("ingest", "drop", code=3)
            (place / "said.json").write_text(json.dumps(asdict(said)))
    house = House(project=session_folder / "spoiled")
    findings = house.run("doctor", "--format", "json").json["findings"]
    return Spoiled(
        house=house,
        said=Said(**json.loads((house.project / "said.json").read_text())),
        health={one["check"]: (one["cause"], one["cure"]) for one in findings},
    )


def fill(drop: Path) -> None:
    """The folder of wrong files, with one good bill among them."""
    for name, cost in (("good", "5"), ("huge", "1e400")):
        bill(drop / f"{name}.csv", charge(cost, account=name))
    bill(drop / "currency.csv", charge("1", account="c", BillingCurrency="XYZ"))
    bill(drop / "empty.csv")
    lines = bill(drop / "nocost.csv", charge("1", account="n")).read_text().splitlines()
    (drop / "nocost.csv").write_text("\n".join(line.partition(",")[0] + "," + line.split(",", 2)[2] for line in lines))
    packed = gzip.compress(bill(drop / "cut.csv", *[charge(str(n), account="g") for n in range(500)]).read_bytes())
    (drop / "cut.csv").unlink()
    (drop / "cut.csv.gz").write_bytes(packed[:-200])
    pq.write_table(pa.table({name: ["1"] for name in COLUMNS}), drop / "cut.parquet")
    (drop / "cut.parquet").write_bytes((drop / "cut.parquet").read_bytes()[:-50])
    bomb(drop / "bomb.parquet")
    (drop / "notes.csv").write_text("alpha,beta\n1,2\n")
    (drop / "slides.pdf").write_bytes(b"%PDF-1.7")
    (drop / "requests.csv").write_text("metric,day,service,env,tenant,quantity\nr,2025-03-01,a,,,1\nr,2025-03-01,a,,,2\n")
    header = "provider,billing_account_id,invoice_id,billing_period,issuer,currency,total,tax,issued_at"
    (drop / "invoices.csv").write_text(f"{header}\nother,good,I,2025-03,Acme,USD,five,0,2025-04-02\n")
    manifests(drop)


def manifests(drop: Path) -> None:
    """One export whose second part was not copied, one whose manifest was cut."""
    month = drop / "cur" / "20250301-20250401"
    bill(month / "a1" / "cur-00001.csv", charge("1", account="m"))
    period = {"start": "20250301T000000.000Z", "end": "20250401T000000.000Z"}
    keys = [f"cur/20250301-20250401/a1/cur-0000{n}.csv" for n in (1, 2)]
    told = {"assemblyId": "a1", "account": "1", "reportName": "cur", "billingPeriod": period, "reportKeys": keys}
    (month / "cur-Manifest.json").write_text(json.dumps(told))
    run = drop / "azure" / "20250301-20250331" / "r1"
    bill(run / "part.csv", charge("1", account="z"))
    (run / "manifest.json").write_text('{"blobs": [')


def bomb(path: Path) -> None:
    """Two megabytes that would unpack to twenty gigabytes: one wide value a million times, and honest-looking metadata."""
    rows = 1_000_000
    values = {**charge("1.5", account="b"), "ChargeDescription": "x" * 20_000}

    def repeated(value: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array([value]))

    table = pa.table({name: repeated(value) for name, value in values.items()}).replace_schema_metadata({"note": os.urandom(600_000).hex()})
    pq.write_table(table, path, compression="zstd", row_group_size=rows)
    assert path.stat().st_size < 3_000_000


@pytest.mark.parametrize(("name", "cause"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_told_by_name_with_its_cure(spoiled: Spoiled, name: str, cause: str) -> None:
    """On stderr, one cause and one cure in plain lines, free of paths inside the state folder."""
    told = [each for each in spoiled.said.err.split("\n\n") if "  Cause  " in each]
    (entry,) = [each for each in told if cause in each]
    lines = [line for line in entry.strip().splitlines() if not line.endswith("…")]
    assert lines[0].startswith(("Quarantined  ", "Refused  "))
    assert [line.split()[0] for line in lines[1:3]] == ["Cause", "Cure"]
    assert len(lines[2].split()) > 3
    assert ".bursar" not in entry


@pytest.mark.parametrize("cause", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_shown_in_data_health(spoiled: Spoiled, cause: str) -> None:
    """Under its name, with the same cause, and a cure."""
    shown = [(check, cure) for check, (told, cure) in spoiled.health.items() if cause in told]
    assert len(shown) == 1
    assert shown[0][0].startswith("quarantine ")
    assert shown[0][1]


def test_nothing_else_is_said_to_be_wrong(spoiled: Spoiled) -> None:
    """One entry for each wrong thing and none for the good bill."""
    assert spoiled.said.err.count("Cause") == len(WRONG)
    assert sum(check.startswith("quarantine") for check in spoiled.health) == len(WRONG)


def test_the_good_bill_among_them_is_published(spoiled: Spoiled) -> None:
    """With what was there before, to the digit; nothing of the others is."""
    assert spoiled.house.costs("billed_cost", "--group-by", "billing_account_id")["rows"] == [
        {"start": "2025-03-01", "end": "2025-04-01", "billing_account_id": account, "currency": "USD", "value": value}
        for account, value in (("9001", "30"), ("good", "5"))
    ]


def test_nothing_is_left_half_done(spoiled: Spoiled) -> None:
    """No staged snapshot, no leftover folder, a whole journal, and the next build has nothing to do."""
    assert list((spoiled.house.home / "lake").rglob("*.part")) == []
    states = {row["state"] for row in spoiled.house.run("history", "--format", "json").json["rows"]}
    assert states == {"live"}
    assert "journal chain whole" in spoiled.health["database"][0]
    assert "Nothing changed" in spoiled.house.run("build").out


RULES = {
    "typo in a section": ("dimensons: {}", "rules.yaml: dimensons: unknown key", "Did you mean 'dimensions'?"),
    "typo in a rule": ("dimensions: {team: [{tagz: [team]}, {default: x}]}", "rules.yaml: dimensions.team[0]", ""),
    "not YAML": ("shared: [", "rules.yaml, line", ""),
    "unknown column": ('shared: [{name: a, pool: "tem = 1", to: team, mode: even}]', "no column 'tem'", "team"),
    "overlapping pools": (
        """
        shared:
        - {name: a, pool: "team = 'core'", to: team, mode: even}
        - {name: b, pool: "service_name = 'Acme Compute'", to: team, mode: even}
        """,
        "shared pools a, b claim the same charges",
        "one pool",
    ),
    "sharing in a circle": (
        """
        shared:
        - {name: a, pool: "team = 'core'", to: team, mode: even, among: "team = 'web'"}
        - {name: b, pool: "team = 'web'", to: team, mode: even, among: "team = 'core'"}
        """,
        "a cycle",
        "order of the pools",
    ),
}


@pytest.mark.parametrize(("text", "cause", "cure"), RULES.values(), ids=RULES)
def test_wrong_rules_publish_nothing(small: House, tmp_path: Path, text: str, cause: str, cure: str) -> None:
    """Exit 2, file, place and cure; what was published stays."""
    house = small.copy(tmp_path / "house")
    (house.project / "bursar.yaml").write_text("version: 1\n")
    (house.project / "rules.yaml").write_text(text)
    said = house.run("build", code=2)
    assert f"Cause  {said.err.splitlines()[0].removeprefix('Cause  ')}" in said.err
    assert cause in said.err
    assert cure in said.err
    assert house.generation() == 1


def test_wrong_rules_do_not_lose_a_delivery(house: House) -> None:
    """A bill that comes while the rules are wrong is kept, which is said, and published once they are mended."""
    (house.project / "bursar.yaml").write_text("version: 1\n")
    (house.project / "rules.yaml").write_text("dimensons: {}\n")
    bill(house.project / "more.csv", charge("7", account="9002"))
    said = house.run("ingest", "more.csv", code=2)
    assert "staged, nothing is lost; once it is mended: bursar build" in said.err
    assert {currency: str(total) for currency, total in house.totals().items()} == {"USD": "30"}
    (house.project / "rules.yaml").unlink()
    house.run("build")
    assert {currency: str(total) for currency, total in house.totals().items()} == {"USD": "37"}
