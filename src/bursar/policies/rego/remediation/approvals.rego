# METADATA
# scope: package
# title: Not enough people agreed
# description: Reversible work needs one approval; destructive work one, in production two; what cannot be undone two.
# schemas:
#   - input: schema.remediation
# custom:
#   id: BRS-RMD-001
#   severity: critical
#   since: 0.2.0
#   docs: docs/policies.md#brs-rmd-001
package bursar.rules.remediation.approvals

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some change in input.changes
	needed := _needed(change)
	_given < needed
	finding := object.union(about, {
		"resource": change.resource,
		"key": "approvals",
		"message": sprintf("%d of %d approvals", [_given, needed]),
		"fix": {"kind": "approve", "key": "approvals", "value": null},
		"location": null,
		"unknown": false,
		"evidence": {"tier": input.tier, "env": object.get(change, "env", null)},
	})
}

_needed(_) := 2 if input.tier == "I"

_needed(_) := 1 if input.tier == "R"

_needed(change) := 1 if {
	input.tier == "D"
	change.env in _harmless
}

_needed(change) := 2 if {
	not input.tier in {"I", "R"}
	not change.env in _harmless
}

_harmless := {"dev", "test", "staging", "sandbox"}

default _given := 0

_given := count({approver |
	some approval in input.approvals
	approver := approval.approver
}) if {
	is_array(input.approvals)
}

_given := input.approvals if is_number(input.approvals)
