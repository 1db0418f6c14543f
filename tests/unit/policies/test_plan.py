"""Terraform plans as the gate reads them: tags that are there, missing or not known, and nothing guessed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planned_changes import OWNERSHIP, TAGS, plan, resource, written

from bursar.policies.iac.plan import read_plan
from bursar.policies.iac.recognise import read_change
from bursar.policies.planned import Planned, Resource, Undecidable

Json = Any
"""Whatever may stand in a plan."""


def read(document: Mapping[str, Any]) -> Planned:
    """The plan, read."""
    return read_plan(document, file="plan.json")


def only(document: Mapping[str, Any]) -> Resource:
    """Its one resource."""
    (found,) = read(document).resources
    return found


def state(document: Mapping[str, Any], dimension: str = "team") -> str:
    """How its one resource stands to an ownership dimension."""
    return OWNERSHIP.of(only(document).tags)[dimension].state


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, "missing"),
        ({}, "missing"),
        ({"team": None}, "missing"),
        ({"team": ""}, "missing"),
        ({"team": "   \t"}, "missing"),
        ({"team": "\u200b\u2060"}, "missing"),
        ({"team": "core"}, "present"),
        ({"Team": "core"}, "present"),
        ({"OWNER": "core"}, "present"),
        ({"te-am": "core"}, "present"),
        ({"teams": "core"}, "missing"),
        ({"environment": "prod"}, "missing"),
        ({"team": 7}, "present"),
        ({"team": True}, "present"),
    ],
)
def test_a_tag_is_there_or_missing(tags: Json, expected: str) -> None:
    """null, empty and invisible values are missing; case and punctuation of a key do not count, and no key is found inside another."""
    assert state(plan(resource(tags=tags))) == expected


@pytest.mark.parametrize(
    ("unknown", "default_tags", "expected"),
    [
        ({"tags": {"team": True}, "tags_all": {"team": True}}, False, "unknown"),
        ({"tags_all": {"team": True}}, False, "unknown"),
        ({"tags_all": True}, False, "missing"),
        ({"tags_all": True}, True, "unknown"),
        ({"tags": True, "tags_all": True}, False, "unknown"),
        ({"tags": {"cost": True}}, False, "missing"),
        ({"tags": {}, "tags_all": {}}, True, "missing"),
    ],
)
def test_a_tag_that_is_not_known_is_neither_there_nor_missing(unknown: Json, default_tags: bool, expected: str) -> None:
    """An unknown map counts only where it can bring a tag: the provider has defaults, or the resource's own is unknown."""
    document = plan(resource(tags={"service": "web"}, unknown=unknown, after={"tags_all": None}), default_tags=default_tags)
    assert state(document) == expected


def test_tags_of_the_resource_count_beside_an_unknown_whole() -> None:
    """What a resource says itself is known although the merged map is not."""
    assert state(plan(resource(tags=TAGS, unknown={"tags_all": True}, after={"tags_all": None}), default_tags=True)) == "present"


def test_a_preferred_key_that_is_not_known_leaves_the_owner_unknown() -> None:
    """A known second choice is not taken while the first may still be given."""
    assert state(plan(resource(tags={"owner": "core"}, unknown={"tags": {"team": True}, "tags_all": {"team": True}}))) == "unknown"


def test_a_secret_tag_is_not_known_to_the_reader() -> None:
    """A sensitive value is never printed, and never taken for missing."""
    document = plan(resource(tags=TAGS))
    document["resource_changes"][0]["change"]["after_sensitive"] = {"tags": {"team": True}, "tags_all": {"team": True}}
    assert state(document) == "unknown"
    assert "core" not in only(document).tags.known.values()


@pytest.mark.parametrize(
    ("after", "unknown", "expected"),
    [
        ({"labels": {"team": "core"}, "effective_labels": {"team": "core"}}, {}, "present"),
        ({"labels": None, "effective_labels": {"team": "core"}}, {}, "present"),
        ({"labels": None}, {"effective_labels": True}, "missing"),
        ({"labels": {}}, {"effective_labels": {"team": True}}, "unknown"),
        ({"settings": [{"user_labels": {"team": "core"}}]}, {}, "present"),
        ({"metadata": [{"labels": {"team": "core"}}]}, {}, "present"),
        ({"resource_labels": {"team": "core"}}, {}, "present"),
    ],
)
def test_labels_are_tags(after: Json, unknown: Json, expected: str) -> None:
    """Google's and Kubernetes' labels stand for tags, wherever the provider keeps them."""
    document = plan(resource("google_compute_instance.a", after=after, unknown=unknown))
    change = document["resource_changes"][0]
    change["provider_name"] = "registry.terraform.io/hashicorp/google"
    for name in ("tags", "tags_all"):
        del change["change"]["after"][name]
    assert state(document) == expected


@pytest.mark.parametrize(
    ("blocks", "unknown", "expected"),
    [
        ([{"key": "team", "value": "core", "propagate_at_launch": True}], [], "present"),
        ([{"key": "team", "value": "core", "propagate_at_launch": False}], [], "missing"),
        ([{"key": "team", "value": None, "propagate_at_launch": True}], [{"value": True}], "unknown"),
        ([{"key": None, "propagate_at_launch": True}], [{"key": True}], "unknown"),
        ([], True, "unknown"),
    ],
)
def test_blocks_of_an_autoscaling_group_are_tags(blocks: Json, unknown: Json, expected: str) -> None:
    """A `tag` block counts where it reaches the machines."""
    document = plan(resource("aws_autoscaling_group.a", after={"tag": blocks}, unknown={"tag": unknown}))
    for name in ("tags", "tags_all"):
        del document["resource_changes"][0]["change"]["after"][name]
    assert state(document) == expected


def test_what_has_no_tag_attribute_cannot_be_tagged() -> None:
    """A resource whose schema has no tags is not asked for any; one whose tags are null is."""
    bare = resource("aws_iam_role_policy.a")
    for name in ("tags", "tags_all"):
        del bare["change"]["after"][name]
    assert only(plan(bare)).taggable == "no"
    assert only(plan(resource())).taggable == "yes"


def test_default_tags_of_an_aliased_provider_count_for_its_resources_only() -> None:
    """Which provider a resource uses is read from the configuration, modules included."""
    document = plan(
        resource("module.west.aws_instance.a[0]", unknown={"tags_all": True}, after={"tags_all": None}),
        resource("aws_instance.b", unknown={"tags_all": True}, after={"tags_all": None}),
    )
    document["configuration"] = {
        "provider_config": {
            "aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}},
            "aws.west": {"name": "aws", "alias": "west", "expressions": {"default_tags": [{}], "region": {"constant_value": "us-west-2"}}},
        },
        "root_module": {
            "resources": [{"address": "aws_instance.b", "provider_config_key": "aws"}],
            "module_calls": {"west": {"module": {"resources": [{"address": "aws_instance.a", "provider_config_key": "aws.west"}]}}},
        },
    }
    first, second = read(document).resources
    assert [OWNERSHIP.of(one.tags)["team"].state for one in (first, second)] == ["unknown", "missing"]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (("create",), ["create"]),
        (("update",), ["update"]),
        (("delete", "create"), ["replace"]),
        (("create", "delete"), ["replace"]),
        (("delete",), ["delete"]),
        (("no-op",), []),
        (("read",), []),
        (("forget",), []),
    ],
)
def test_only_what_is_done_is_read(actions: tuple[str, ...], expected: list[str]) -> None:
    """What a plan leaves alone is not judged."""
    assert [one.action for one in read(plan(resource(actions=actions))).resources] == expected


def test_data_sources_are_left_alone() -> None:
    """Only managed resources are judged."""
    document = plan(resource())
    document["resource_changes"][0]["mode"] = "data"
    assert read(document).resources == ()


@pytest.mark.parametrize(
    "broken",
    [
        {"format_version": "2.0"},
        {"format_version": "0.2"},
        {"format_version": 1.2},
        {"format_version": None},
        {"format_version": "1.2; drop"},
        {"errored": True},
        {"resource_changes": {"a": 1}},
        {"resource_changes": [1]},
        {"resource_changes": [{"mode": "managed", "address": "a.b", "type": "a"}]},
        {"resource_changes": [{**resource(), "address": 5}]},
        {"resource_changes": [resource(actions=("explode",))]},
        {"resource_changes": [resource(actions=())]},
        {"resource_changes": [resource(tags=["team"])]},
        {"resource_changes": [resource(tags={"team": {"name": "core"}})]},
        {"resource_changes": [resource(tags={"team": ["core"]})]},
    ],
)
def test_what_is_not_understood_is_not_guessed_at(broken: dict[str, Any]) -> None:
    """A format nobody knows, a plan that is not whole or tags that are no texts cannot be decided."""
    with pytest.raises(Undecidable):
        read({**plan(), **broken})


@pytest.mark.parametrize(
    "text",
    ["{", "", "   ", "nul", '{"a": NaN}', "[" * 100_000, '{"format_version": "1.2", "resource_changes": ' + "9" * 5000 + "}", "\ufeff{"],
)
def test_malformed_json_is_told(text: str, tmp_path: Path) -> None:
    """No malformed file is anything but undecidable, with a cure."""
    file = tmp_path / "plan.json"
    file.write_text(text, "utf-8")
    with pytest.raises(Undecidable) as caught:
        read_change(file)
    assert caught.value.cure


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 cannot be decided."""
    file = tmp_path / "plan.json"
    file.write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(Undecidable):
        read_change(file)


def test_halves_of_signs_do_not_travel() -> None:
    """What JSON smuggles in as half a surrogate pair can be stored and printed."""
    document = json.loads('{"tags": {"team": "\\ud800x", "\\udfff": "y"}}')
    found = only(plan(resource("aws_instance.\udc00", tags=document["tags"])))
    assert found.address.encode()
    assert all(text.encode() for pair in found.tags.known.items() for text in pair)


def test_a_plan_that_is_not_complete_is_told() -> None:
    """Terraform's own word that something is missing reaches the reader."""
    assert read(plan(resource(), complete=False)).notes


texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
maps = st.none() | st.booleans() | st.dictionaries(st.sampled_from(["team", "Owner", "env", "x"]), values, max_size=4) | values


@given(tags=maps, everything=maps, unknown=maps, hidden=maps, secret=maps)
@settings(max_examples=200, deadline=None)
def test_whatever_stands_in_a_plan_is_read_or_told(tags: Json, everything: Json, unknown: Json, hidden: Json, secret: Json) -> None:
    """Hostile tags never break the reader; every owner has one of three states."""
    document = plan(resource(tags=tags, after={"tags_all": everything}, unknown={"tags": unknown, "tags_all": hidden}))
    document["resource_changes"][0]["change"]["after_sensitive"] = {"tags": secret}
    try:
        found = only(document)
    except Undecidable:
        return
    assert {owner.state for owner in OWNERSHIP.of(found.tags).values()} <= {"present", "missing", "unknown"}


def test_a_folder_holds_one_change(tmp_path: Path) -> None:
    """Two plans, a plan beside manifests, or a folder with nothing in it cannot be decided."""
    with pytest.raises(Undecidable):
        read_change(tmp_path)
    written(tmp_path / "a.json", plan(resource()))
    assert len(read_change(tmp_path).resources) == 1
    written(tmp_path / "b.json", plan(resource()))
    with pytest.raises(Undecidable):
        read_change(tmp_path)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A wrong path blocks."""
    with pytest.raises(Undecidable):
        read_change(tmp_path / "nothing.json")
