"""The tags that tell one resource from the next: names, groups they scale in, volumes of pods, cost centres.

A real bill has about as many tag sets as resources. None of these tags decides an owner that the meter's own do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bursar.adapters.clouds.simulated.draws import Draws
from bursar.adapters.clouds.simulated.shape import Meter

NAMED_PERCENT = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How a cloud's report writes the keys; `team` is the key beside which a cost centre may stand."""

    name: str
    group: str
    volume: str
    cost_center: str
    team: str


CUR2 = Spelling(
    name="user_name", group="aws_autoscaling_group_name", volume="user_kubernetes_io_created_for_pvc_name",
    cost_center="user_cost_center", team="user_team",
)  # fmt: skip
CUR = Spelling(
    name="user:Name", group="aws:autoscaling:groupName", volume="user:kubernetes.io/created-for/pvc/name",
    cost_center="user:CostCenter", team="user:Team",
)  # fmt: skip
GCP = Spelling(name="name", group="instance-group", volume="goog-k8s-pvc-name", cost_center="cost-center", team="team")
AZURE = Spelling(name="Name", group="vmss", volume="kubernetes.io-created-for-pvc-name", cost_center="CostCenter", team="team")


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The tags of one meter's resources. `kind` is instance, disk or anything else; without tags of its own a meter has none."""

    spelling: Spelling
    meter: Meter
    tags: Mapping[str, str]
    kind: str

    def of(self, resource: int) -> dict[str, str]:
        """The tags of one resource: its own and, where they do not clash, the meter's, which win."""
        if not self.tags:
            return {}
        own: dict[str, str] = {}
        name = f"{self.meter.service}-{self.meter.env}"
        if Draws(0, "named", self.meter.key).below(100, resource) < NAMED_PERCENT:
            own[self.spelling.name] = f"{name}-{resource % 10**6:04d}"
        if self.kind == "instance":
            own[self.spelling.group] = f"{name}-{'abc'[resource % 3]}"
        if self.kind == "disk":
            own[self.spelling.volume] = f"data-{self.meter.service}-{resource % 10**6}"
        if self.spelling.team in self.tags:
            own[self.spelling.cost_center] = f"cc-{4000 + Draws(0, 'cost center', self.meter.team, self.meter.service).below(900)}"
        return {**own, **self.tags}
