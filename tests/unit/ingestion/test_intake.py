"""Taking bills in: each on its own, each month whole, each byte once."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.ingestion.intake import Intake
from bursar.ingestion.outcomes import Outcome
from bursar.ingestion.recognise import recognise
from bursar.lake import snapshots
from bursar.lake.generations import Lake, flip
from bursar.lake.snapshots import Snapshot
from bursar.store.database import open_store
from tests.unit.ingestion.conftest import OpenWarehouse
from tests.unit.ingestion.focus_files import charge, write

NOW = datetime(2026, 11, 20, tzinfo=UTC)
AZURE = "SubscriptionGuid,Date,MeterCategory,MeterId,ConsumedService,Quantity,UnitOfMeasure,PreTaxCost,Currency,BillingAccountId"
AZURE_LINE = "s1,10/05/2026,Storage,m1,Microsoft.Storage,1,1 Hour,{cost},USD,80012345"


@pytest.fixture
def intake(tmp_path: Path) -> Intake:
    """An empty lake, a store in memory and a clock that stands."""
    return Intake(
        lake=Lake(tmp_path / "lake", open_store("sqlite://")), warehouse=OpenWarehouse(), clock=lambda: NOW, progress=lambda _: None
    )


def taken(intake: Intake, *paths: Path) -> list[Outcome]:
    """What became of the bills there."""
    return intake.take(recognise(paths, warehouse=intake.warehouse).bills)


def fates(outcomes: Sequence[Outcome]) -> list[tuple[str, str | None]]:
    """Outcome and month of each."""
    return [(one.outcome, one.period) for one in outcomes]


def made(intake: Intake, layer: str = "focus", *, state: str = "%") -> list[Snapshot]:
    """The snapshots of a layer."""
    with intake.lake.store.connect() as connection:
        return [one for one in snapshots.select(connection, layer=layer) if state in {"%", one.state}]


def publish(intake: Intake) -> None:
    """Make everything staged live."""
    staged = made(intake, state="staged")
    with intake.lake.store.begin() as connection:
        flip(connection, now=NOW, actor="t", cause="t", put=staged, reconciliation={})


def test_a_bill_becomes_one_snapshot_with_its_sums(intake: Intake, tmp_path: Path) -> None:
    """Staged, with rows, sums, days and the invoice keys that reconciliation will read."""
    (outcome,) = taken(intake, write(tmp_path / "in" / "bill.csv.gz", charge("1.5"), charge("0.000000000001", day="2026-10-07")))
    (one,) = made(intake)
    assert (outcome.outcome, outcome.source, outcome.period, outcome.rows) == ("staged", "focus-111", "2026-10", 2)
    assert one.sums["USD"].billed == Decimal("1.500000000001")
    assert (str(one.files[0].min_day), str(one.files[0].max_day)) == ("2026-10-01", "2026-10-07")
    assert (intake.lake.root / one.files[0].path).is_file()
    assert isinstance(one.detail["invoices"], list)


def test_the_same_bytes_again_are_nothing_new(intake: Intake, tmp_path: Path) -> None:
    """Under another name, before and after publication: no snapshot more."""
    first, second = (write(tmp_path / name, charge()) for name in ("a.csv", "b.csv"))
    assert fates(taken(intake, first)) == [("staged", "2026-10")]
    assert fates(taken(intake, second)) == [("staged", "2026-10")]
    publish(intake)
    assert fates(taken(intake, first, second)) == [("unchanged", "2026-10")] * 2
    assert (len(made(intake)), len(made(intake, "raw"))) == (1, 1)


def test_a_copy_among_the_shards_is_not_counted_again(intake: Intake, tmp_path: Path) -> None:
    """Two numbered files with the same bytes are one file and its copy."""
    for name in ("bill-001.csv", "bill-002.csv"):
        write(tmp_path / "in" / name, charge("1.5"))
    write(tmp_path / "in" / "bill-003.csv", charge("2"))
    (outcome,) = taken(intake, tmp_path / "in")
    assert outcome.sums["USD"].billed == Decimal("3.5")


def test_a_file_of_two_months_is_two_snapshots(intake: Intake, tmp_path: Path) -> None:
    """Each month has its own rows, and is replaced on its own."""
    path = write(tmp_path / "both.csv", charge("1", day="2026-09-30"), charge("2", day="2026-10-01"))
    assert fates(taken(intake, path)) == [("staged", "2026-09"), ("staged", "2026-10")]
    assert [one.sums["USD"].billed for one in made(intake)] == [1, 2]


def test_a_wrong_month_does_not_take_the_good_one_with_it(intake: Intake, tmp_path: Path) -> None:
    """One is staged, the other quarantined, and delivering the file again says so again."""
    path = write(tmp_path / "both.csv", charge("1", day="2026-09-30"), charge("2", BillingCurrency="XYZ"))
    outcomes = taken(intake, path)
    assert fates(outcomes) == [("staged", "2026-09"), ("quarantined", "2026-10")]
    assert "unknown currency 'XYZ'" in str(outcomes[1].cause)
    publish(intake)
    assert fates(taken(intake, path)) == [("unchanged", "2026-09"), ("quarantined", "2026-10")]


def test_a_run_that_died_between_two_months_is_finished_by_the_next(intake: Intake, tmp_path: Path) -> None:
    """The bytes are known, one of their months is not: the file is read again."""
    path = write(tmp_path / "both.csv", charge("1", day="2026-09-30"), charge("2"))
    taken(intake, path)
    with intake.lake.store.begin() as connection:
        connection.execute(sa.text("DELETE FROM snapshot WHERE layer = 'focus' AND billing_period = '2026-10'"))
    assert fates(taken(intake, path)) == [("staged", "2026-09"), ("staged", "2026-10")]


def test_an_older_delivery_that_comes_late_is_history(intake: Intake, tmp_path: Path) -> None:
    """Recorded, not staged, with what is shown in its place and how to make it the one that is."""
    taken(intake, write(tmp_path / "new.csv", charge("5", day="2026-10-20")))
    publish(intake)
    (late,) = taken(intake, write(tmp_path / "old.csv", charge("3", day="2026-10-02")))
    assert late.outcome == "recorded"
    assert "new.csv is newer (newest row 2026-10-20 00:00 UTC, this one newest row 2026-10-02 00:00 UTC)" in str(late.cause)
    assert "bursar ingest --exported-at YYYY-MM-DD" in str(late.cure)
    assert [one.state for one in made(intake)] == ["superseded", "live"]


def delivered(intake: Intake, path: Path, day: int) -> Outcome:
    """What became of a bill that its manifest says was exported on a day of November."""
    (bill,) = recognise([path], warehouse=intake.warehouse).bills
    (outcome,) = intake.take([replace(bill, source="aws-cur2-x", period="2026-10", exported_at=datetime(2026, 11, day, tzinfo=UTC))])
    publish(intake)
    return outcome


def test_a_restatement_that_goes_back_to_earlier_bytes_is_shown(intake: Intake, tmp_path: Path) -> None:
    """The provider exports A, then B, then A again: A is shown, history has all three, and the last again is nothing new."""
    first, second = write(tmp_path / "a.csv", charge("1")), write(tmp_path / "b.csv", charge("2"))
    outcomes = [delivered(intake, path, day) for path, day in ((first, 1), (second, 2), (first, 3), (first, 3), (second, 2))]
    assert [one.outcome for one in outcomes] == ["staged", "staged", "staged", "unchanged", "unchanged"]
    assert "kept in the history, not shown: a.csv is newer" in str(outcomes[-1].cause)
    assert [(one.state, one.sums["USD"].billed) for one in made(intake)] == [("superseded", 1), ("superseded", 2), ("live", 1)]


def test_the_same_export_made_later_keeps_a_late_older_one_out(intake: Intake, tmp_path: Path) -> None:
    """A was exported on the 1st and unchanged on the 3rd: what was exported on the 2nd and comes last is history."""
    first, second = write(tmp_path / "a.csv", charge("1")), write(tmp_path / "b.csv", charge("2"))
    outcomes = [delivered(intake, path, day) for path, day in ((first, 1), (first, 3), (second, 2))]
    assert [one.outcome for one in outcomes] == ["staged", "unchanged", "recorded"]


def test_a_loose_file_given_again_is_told_what_took_its_place(intake: Intake, tmp_path: Path) -> None:
    """Nothing says that it is newer now, so it is not shown; said to be exported later, it is."""
    first, second = write(tmp_path / "a.csv", charge("1")), write(tmp_path / "b.csv", charge("2"))
    for path in (first, second):
        taken(intake, path)
        publish(intake)
    (again,) = taken(intake, first)
    assert (again.outcome, again.cause) == ("unchanged", "kept in the history, not shown: b.csv is as new and came later")
    (said,) = intake.take(recognise([first], warehouse=intake.warehouse, exported_at=NOW).bills)
    assert said.outcome == "staged"


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        ("cut.csv.gz", gzip.compress(b"BilledCost,ChargeCategory\n" + b"1,Usage\n" * 9000, mtime=0)[:-40], "cut.csv.gz: cut short"),
        ("huge.csv", "1e400", "huge.csv"),
        ("text.csv", "lots", "text.csv"),
        ("infinite.csv", "Infinity", "infinite.csv"),
    ],
)
def test_a_wrong_bill_is_quarantined_with_its_name_and_a_cure(
    intake: Intake, tmp_path: Path, name: str, content: bytes | str, cause: str
) -> None:
    """In one line, without a path of ours, and the good one beside it goes on."""
    if isinstance(content, bytes):
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / name).write_bytes(content)
    else:
        write(tmp_path / "in" / name, charge(content))
    write(tmp_path / "in" / "good.csv", charge("1", account="222"))
    outcomes = {one.name: one for one in taken(intake, tmp_path / "in")}
    bad = outcomes[name]
    assert (outcomes["good.csv"].outcome, bad.outcome) == ("staged", "quarantined")
    assert cause in str(bad.cause)
    assert "\n" not in str(bad.cause)
    assert str(intake.lake.root) not in str(bad.cause)
    assert bad.cure
    assert list(intake.lake.root.rglob("*.part")) == []


def test_a_month_no_bill_is_of_is_that_files_fault(intake: Intake, tmp_path: Path) -> None:
    """One absurd period quarantines its file by name, and everything else goes on."""
    path = write(tmp_path / "in" / "absurd.csv", charge(), charge())
    path.write_text(path.read_text().replace("2026-10-01", "9999-12-01", 1))
    write(tmp_path / "in" / "good.csv", charge("1", account="222"))
    outcomes = {one.name: one for one in taken(intake, tmp_path / "in")}
    assert (outcomes["good.csv"].outcome, outcomes["absurd.csv"].outcome) == ("staged", "quarantined")
    assert "9999-12" in str(outcomes["absurd.csv"].cause)


def test_line_ends_that_differ_are_told_in_words(intake: Intake, tmp_path: Path) -> None:
    """Of rows; within a quoted cell any line end is a part of the text."""
    path = write(tmp_path / "bill.csv", charge(), charge())
    lines = path.read_text().splitlines()
    path.write_bytes("\r\n".join(lines[:2]).encode() + b"\r\n" + lines[2].encode() + b"\n" + lines[2].encode() + b"\r\n")
    (outcome,) = taken(intake, path)
    assert outcome.cause == "bill.csv: its lines do not end alike: some in LF, some in CRLF"


def test_a_ragged_csv_is_told_in_words(intake: Intake, tmp_path: Path) -> None:
    """By its line, not in the words of the engine."""
    path = write(tmp_path / "bill.csv", charge(), charge())
    path.write_text(path.read_text() + "one,two\n")
    (outcome,) = taken(intake, path)
    assert outcome.cause == "bill.csv: line 4 has not as many columns as the header"


def test_a_bill_without_a_cost_column_says_which(intake: Intake, tmp_path: Path) -> None:
    """Named, with the spellings that would do."""
    row = charge()
    del row["EffectiveCost"]
    (outcome,) = taken(intake, write(tmp_path / "bill.csv", row))
    assert outcome.cause == "bill.csv: no column EffectiveCost"
    assert "EffectiveCost" in str(outcome.cure)


def test_a_header_without_rows_holds_no_charges(intake: Intake, tmp_path: Path) -> None:
    """An empty month replaces nothing and is said."""
    path = write(tmp_path / "bill.csv")
    (outcome,) = taken(intake, path)
    assert "what was published stays" in str(outcome.cure)
    assert (outcome.outcome, outcome.cause) == ("quarantined", "bill.csv: holds no charges, not a row")


def test_charges_of_another_month_are_not_slipped_in(intake: Intake, tmp_path: Path) -> None:
    """An export named October that holds September is quarantined whole."""
    (bill,) = recognise([write(tmp_path / "x.csv", charge(), charge(day="2026-09-01"))], warehouse=intake.warehouse).bills
    (outcome,) = intake.take([replace(bill, source="aws-cur2-x", period="2026-10", exported_at=NOW)])
    assert "named 2026-10, but holds charges billed in 2026-09" in str(outcome.cause)


@pytest.mark.parametrize("promised", [1, 3])
def test_a_manifest_that_promises_other_rows_is_not_believed(intake: Intake, tmp_path: Path, promised: int) -> None:
    """Fewer or more rows than the files hold: quarantined with both numbers."""
    (bill,) = recognise([write(tmp_path / "x.csv", charge(), charge())], warehouse=intake.warehouse).bills
    (outcome,) = intake.take([replace(bill, source="aws-cur2-x", period="2026-10", rows=promised)])
    assert f"2 rows, but its manifest says {promised}" in str(outcome.cause)


def azure(path: Path, *costs: str) -> Path:
    """A cost details file."""
    path.write_text("\n".join((AZURE, *(AZURE_LINE.format(cost=cost) for cost in costs), "")))
    return path


def test_actual_and_amortised_exports_are_one_bill(intake: Intake, tmp_path: Path) -> None:
    """Delivered together or one after the other, also when they are the same bytes."""
    actual = azure(tmp_path / "actual.csv", "5", "6")
    amortised = azure(tmp_path / "amortized.csv", "5", "6")
    (both,) = taken(intake, actual, amortised)
    assert (both.outcome, both.sums["USD"].effective) == ("staged", Decimal(11))
    assert {raw.role for raw in made(intake, "raw")} == {"actual", "amortised"}


def test_an_actual_export_alone_is_a_bill_until_its_twin_comes(intake: Intake, tmp_path: Path) -> None:
    """Then the two replace it."""
    (alone,) = taken(intake, azure(tmp_path / "actual.csv", "5"))
    publish(intake)
    (both,) = taken(intake, azure(tmp_path / "amortized.csv", "4"))
    assert (alone.sums["USD"].effective, both.sums["USD"].effective) == (Decimal(5), Decimal(4))
    assert both.outcome == "staged"


def test_an_amortised_export_alone_is_quarantined(intake: Intake, tmp_path: Path) -> None:
    """What was billed is not known from it; the cure names the twin."""
    (outcome,) = taken(intake, azure(tmp_path / "amortized.csv", "5"))
    assert outcome.outcome == "quarantined"
    assert "actual cost export of 2026-10" in str(outcome.cure)


def test_a_pair_that_is_live_already_changes_nothing(intake: Intake, tmp_path: Path) -> None:
    """An older twin that comes late leaves the live bill as it is, publication time included."""
    taken(intake, azure(tmp_path / "actual.csv", "5"), azure(tmp_path / "amortized.csv", "5"))
    publish(intake)
    (live,) = made(intake, state="live")
    bills = recognise([azure(tmp_path / "actual-old.csv", "9")], warehouse=intake.warehouse).bills
    (outcome,) = intake.take([replace(bills[0], exported_at=datetime(2026, 10, 2, tzinfo=UTC))])
    assert outcome.outcome == "unchanged"
    assert made(intake) == [live]


def test_bills_made_ahead_end_as_they_would_in_turn(intake: Intake, tmp_path: Path) -> None:
    """Several exports at once, one of them wrong and one twice: each has its own fate, in the order they were given."""
    (tmp_path / "in").mkdir()
    good = [write(tmp_path / "in" / f"{n}.csv", charge(str(n), account=f"{n}11")) for n in (1, 2, 3)]
    wrong = write(tmp_path / "in" / "wrong.csv", charge("not money", account="411"))
    bills = [
        replace(next(iter(recognise([path], warehouse=intake.warehouse).bills)), source=f"focus-{path.stem}", period="2026-10")
        for path in (*good, wrong)
    ]
    outcomes = intake.take([*bills, replace(bills[0], name="again.csv")])
    assert [one.outcome for one in outcomes] == ["staged", "staged", "staged", "quarantined", "staged"]
    assert "not money" in str(outcomes[3].cause)
    assert sorted(one.source for one in made(intake)) == ["focus-1", "focus-2", "focus-3"]
    assert fates(intake.take(bills[:3])) == [("staged", "2026-10")] * 3
