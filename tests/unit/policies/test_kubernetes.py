"""Kubernetes manifests as the gate reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from planned_changes import DEPLOYMENT, OWNERSHIP

from bursar.policies.iac.kubernetes import read_manifests
from bursar.policies.iac.recognise import read_change
from bursar.policies.planned import Undecidable


def test_a_workload_is_read_with_its_pods() -> None:
    """Labels, containers and what their pods lack."""
    (found,) = read_manifests(DEPLOYMENT, file="web.yaml").resources
    assert (found.address, found.type, found.taggable) == ("Deployment/shop/web", "Deployment", "yes")
    assert OWNERSHIP.of(found.tags)["team"].value == "core"
    assert found.containers[0].requests == ("cpu", "memory")
    assert found.lost_labels == ()


def test_labels_the_pods_lack_are_told() -> None:
    """Cost is on pods: a label of the workload alone is lost."""
    text = DEPLOYMENT.replace("      labels: {team: core, service: web, env: prod}", "      labels: {team: core}")
    (found,) = read_manifests(text, file="web.yaml").resources
    assert found.lost_labels == ("env", "service")


def test_several_documents_and_lists_are_all_read() -> None:
    """Every document of a stream and every item of a List is judged."""
    claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n"
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\n"
    both = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: one}}\n- {apiVersion: v1, kind: Pod, metadata: {name: two}}\n"
    found = read_manifests(f"{claim}---\n{config}---\n---\n{both}", file="all.yaml").resources
    assert [one.address for one in found] == ["PersistentVolumeClaim/data", "ConfigMap/conf", "Pod/one", "Pod/two"]
    assert [one.taggable for one in found] == ["yes", "no", "yes", "yes"]


@pytest.mark.parametrize("kind", ["ClusterIP", "LoadBalancer"])
def test_a_service_costs_where_it_orders_a_balancer(kind: str) -> None:
    """Only what somebody pays for needs an owner."""
    (found,) = read_manifests(f"apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{type: {kind}}}\n", file="s.yaml").resources
    assert found.taggable == ("yes" if kind == "LoadBalancer" else "no")


def test_a_cron_job_keeps_its_template_deeper() -> None:
    """The pod template of a CronJob is found."""
    text = (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {team: core}}, "
        "spec: {containers: [{name: c, resources: {limits: {cpu: 1}}}]}}}}}\n"
    )
    (found,) = read_manifests(text, file="j.yaml").resources
    assert found.containers[0].requests == ("cpu",)
    assert found.tags.known == {"team": "core"}


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: [",
        "just text",
        "- a\n- b\n",
        "apiVersion: v1\nmetadata: {name: x}\n",
        "apiVersion: v1\nkind: Pod\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: [a]}\n",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {a: {b: c}}}\n",
        "apiVersion: v1\nkind: Deployment\nmetadata: {name: {{ .Values.name }} }\n",
        "apiVersion: v1\nkind: Pod\nmetadata: !!python/object:os.system {name: x}\n",
        "[" * 3000,
        "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: List, items: [{a: b}]}]\n",
    ],
)
def test_what_is_no_manifest_is_not_guessed_at(text: str) -> None:
    """Unrendered templates, broken YAML and documents of another kind cannot be decided."""
    with pytest.raises(Undecidable):
        read_manifests(text, file="x.yaml")


def test_values_that_are_no_texts_name_nobody() -> None:
    """Kubernetes refuses a number or a truth as a label; the gate does not take one for an owner."""
    (found,) = read_manifests(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {team: 7, env: on, app: ''}}\n", file="x.yaml"
    ).resources
    assert found.tags.known == {}


def test_a_bomb_of_aliases_is_harmless() -> None:
    """YAML that unfolds to billions of values is refused or read without unfolding it."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"] + [
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n" + "\n".join(f"  {line}" for line in lines)
    assert len(read_manifests(text, file="x.yaml").resources) == 1


def test_a_folder_of_manifests_is_one_change(tmp_path: Path) -> None:
    """Helm's output in files is read as a whole; one that is nothing blocks."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "web.yaml").write_text(DEPLOYMENT)
    (tmp_path / "claim.yml").write_text("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n")
    found = read_change(tmp_path)
    assert (found.kind, len(found.resources)) == ("kubernetes", 2)
    assert found.resources[1].file == "templates/web.yaml"
    (tmp_path / "values.yaml").write_text("replicas: 3\n")
    with pytest.raises(Undecidable):
        read_change(tmp_path)
