"""What every playbook promises, by being in the registry."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bursar.actions.cards import card, packaged
from bursar.actions.playbooks import PLAYBOOKS
from bursar.actions.playbooks.playbook import Left, Seen, Worth, judged
from bursar.domain.errors import ConfigError
from bursar.domain.estates import Observed, Resource, State
from bursar.domain.plans import Change

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 1)
WORTH = Worth(monthly=Decimal("12.5"), currency="USD", source="the bill", owner="core", env="dev")
IDLE: dict[str, State] = {
    "volumes_unattached": {"size_gb": 100, "attached_to": None, "tags": {"Name": "x"}, "locked": False},
}
"""For each playbook, the state of a resource that is a finding when it was so for thirty days."""


def seen(state: State, *, provider: str = "aws", days: int = 30, every: int = 1, before: State | None = None, kind: str = "disk") -> Seen:
    """A resource that was in this state on so many days up to today, every so many days, and in another one before."""
    resource = Resource(provider=provider, account="1", region="r", kind=kind, id=f"{provider}-1")
    past = [(TODAY - timedelta(days=40), before)] if before is not None else []
    run = [(TODAY - timedelta(days=back), state) for back in range((days - 1) * every, -1, -every)]
    return Seen(now=Observed(resource=resource, at=datetime(2026, 11, 1, tzinfo=UTC), state=state), days=(*past, *run))


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
@pytest.mark.parametrize("provider", ["aws", "gcp", "azure"])
def test_a_finding_becomes_a_whole_change(name: str, provider: str) -> None:
    """Before, reasons, saving, owner, permissions; destructive work has an undo, or its card asks two people."""
    found = PLAYBOOKS[name].judge(seen(IDLE[name], provider=provider), card=card(name), worths=lambda _: WORTH)
    assert isinstance(found, Change)
    assert found.before == IDLE[name]
    assert found.because
    assert found.permissions
    assert found.saving
    assert found.saving.low <= found.saving.amount <= found.saving.high
    assert (found.saving.currency, found.owner, found.env) == ("USD", "core", "dev")
    assert found.undo or min(card(name).approvals.default, card(name).approvals.prod) >= 2


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_judging_is_pure(name: str) -> None:
    """The same in, the same out; nothing of the code reads a clock, a file, a network or chance."""
    once, again = (PLAYBOOKS[name].judge(seen(IDLE[name]), card=card(name), worths=lambda _: WORTH) for _ in range(2))
    assert once == again
    tree = ast.parse((ROOT / "src/bursar/actions/playbooks" / f"{name}.py").read_text("utf-8"))
    imported = {name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not imported & {"os", "random", "time", "socket", "sqlalchemy", "pathlib", "subprocess"}
    assert "now(" not in ast.unparse(tree)


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_an_unknown_price_is_not_zero(name: str) -> None:
    """The change says that it is not known, and counts as production."""
    found = PLAYBOOKS[name].judge(seen(IDLE[name]), card=card(name), worths=lambda _: None)
    assert isinstance(found, Change)
    assert (found.saving, found.env, found.owner) == (None, "prod", None)


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_an_excepted_resource_is_left_alone(name: str) -> None:
    """And so it is said."""
    asked: list[tuple[str, str]] = []

    def excepted(rule: str, resource: str) -> bool:
        asked.append((rule, resource))
        return True

    changes, left = judged(PLAYBOOKS[name], [seen(IDLE[name])], card=card(name), worths=lambda _: WORTH, excepted=excepted)
    assert (changes, [one.why for one in left], asked) == ([], ["an exception covers it"], [(name, "aws-1")])


@pytest.mark.parametrize("name", sorted(PLAYBOOKS))
def test_a_card_lies_beside_each_playbook_and_a_heading_in_the_docs(name: str) -> None:
    """Name, permissions on each cloud to look, change and take back; the page tells of it."""
    own = card(name)
    assert own.name == name
    for permissions in own.permissions.values():
        assert permissions.observe
        assert permissions.change
        assert permissions.undo or own.tier == "I"
    page, _, anchor = own.docs.partition("#")
    assert f"### {anchor}\n" in (ROOT / page).read_text("utf-8")


def test_every_card_has_its_playbook() -> None:
    """Registry, cards and help name the same."""
    folder = ROOT / "src/bursar/actions/playbooks"
    assert {path.stem for path in folder.glob("*.yaml")} == PLAYBOOKS.keys()
    told = (ROOT / "src/bursar/surfaces/cli/plan.py").read_text("utf-8")
    assert all(name in told for name in PLAYBOOKS)


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("tier: D", "tier: X", "tier"),
        ("limits: {}", "limits: {chnages: 3}", "unknown limit chnages"),
        ("standing: false", "standing: true", "only reversible"),
        ("tier: D", "tier: I", "two approvals"),
        ("name: volumes_unattached", "name: other", "calls itself"),
        ("version: 1", "version: 1\nnew: 2", "new"),
        ("version: 1", "version: [", "not valid YAML"),
    ],
)
def test_a_wrong_card_of_the_project_is_told(tmp_path: Path, line: str, instead: str, says: str) -> None:
    """It replaces the one that ships only when it is whole."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "volumes_unattached.yaml").write_text(packaged("volumes_unattached").replace(line, instead, 1))
    with pytest.raises(ConfigError, match=says):
        card("volumes_unattached", tmp_path)


def test_a_card_of_the_project_replaces_the_one_that_ships(tmp_path: Path) -> None:
    """Its digest is another, and a loosened limit is in every plan."""
    (tmp_path / "playbooks").mkdir()
    text = packaged("volumes_unattached").replace("limits: {}", "limits: {changes: 50}")
    (tmp_path / "playbooks" / "volumes_unattached.yaml").write_text(text)
    own = card("volumes_unattached", tmp_path)
    assert own.digest != card("volumes_unattached").digest
    assert own.limit().loosened() == ("changes 50 instead of 25",)


def test_there_is_no_card_of_nobody() -> None:
    """An unknown playbook is a mistake of the operator."""
    with pytest.raises(ConfigError, match="no playbook"):
        card("nothing")


DISK = IDLE["volumes_unattached"]


@pytest.mark.parametrize(
    ("tags", "is_left"),
    [
        ({"kubernetes.io/created-for/pvc/name": "x"}, True),
        ({"kubernetes_io_created_for_pvc_name": "x"}, True),
        ({"goog-k8s-pvc-name": "x"}, True),
        ({"k8s-azure-created-by": "x"}, True),
        ({"ebs.csi.aws.com/cluster": "true"}, True),
        ({"CSIVolumeName": "x"}, True),
        ({"KubernetesCluster-pv": "x"}, True),
        ({"Name": "kubernetes"}, False),
        ({"spvcx": "x", "csidea": "y"}, False),
    ],
)
def test_what_a_controller_owns_is_left_alone(tags: dict[str, str], is_left: bool) -> None:
    """By the key of the tag, however it is written; a value says nothing."""
    found = PLAYBOOKS["volumes_unattached"].judge(seen({**DISK, "tags": tags}), card=card("volumes_unattached"), worths=lambda _: WORTH)
    assert isinstance(found, Left) == is_left


@pytest.mark.parametrize(
    ("one", "is_change"),
    [
        (seen(DISK, days=15), True),
        (seen(DISK, days=14), False),
        (seen(DISK, days=10, every=2), True),
        (seen(DISK, days=9, every=2), False),
        (seen(DISK, days=8, every=2), False),
        (seen(DISK, days=20, before={**DISK, "attached_to": "i-1"}), True),
        (replace(seen(DISK), days=()), False),
    ],
)
def test_evidence_is_ten_looks_over_fourteen_days(one: Seen, is_change: bool) -> None:
    """Neither fewer looks nor a shorter time is enough, and what was before the last use does not count."""
    found = PLAYBOOKS["volumes_unattached"].judge(one, card=card("volumes_unattached"), worths=lambda _: WORTH)
    assert isinstance(found, Change) == is_change


def test_what_is_used_or_locked_is_no_finding() -> None:
    """Attached: not a word. Locked: left, with why. Gone: nothing."""
    book, book_name = PLAYBOOKS["volumes_unattached"], "volumes_unattached"
    assert book.judge(seen({**DISK, "attached_to": "i-1"}), card=card(book_name), worths=lambda _: WORTH) is None
    locked = book.judge(seen({**DISK, "locked": True}), card=card(book_name), worths=lambda _: WORTH)
    assert isinstance(locked, Left)
    gone = replace(seen(DISK), now=replace(seen(DISK).now, state=None))
    assert book.judge(gone, card=card(book_name), worths=lambda _: WORTH) is None


def test_a_day_of_use_in_between_begins_the_evidence_anew() -> None:
    """Nine days since it was last attached are nine days."""
    busy = {**DISK, "attached_to": "i-1"}
    days = [(TODAY - timedelta(days=back), busy if back == 9 else DISK) for back in range(30, -1, -1)]
    one = replace(seen(DISK), days=tuple(days))
    found = PLAYBOOKS["volumes_unattached"].judge(one, card=card("volumes_unattached"), worths=lambda _: WORTH)
    assert isinstance(found, Left)
    assert "9 observed days over 8 days" in found.why
