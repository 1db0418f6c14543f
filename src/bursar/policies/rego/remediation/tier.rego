# METADATA
# scope: package
# title: A change goes further than its tier
# description: A playbook that calls itself reversible may not delete or release anything.
# schemas:
#   - input: schema.remediation
# custom:
#   id: BRS-RMD-003
#   severity: critical
#   since: 0.2.0
#   docs: docs/policies.md#brs-rmd-003
package bursar.rules.remediation.tier

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	input.tier == "R"
	some change in input.changes
	some word in _irreversible
	contains(lower(change.verb), word)
	finding := object.union(about, {
		"resource": change.resource,
		"key": "verb",
		"message": sprintf("%s is not reversible, but playbook %s says it is", [change.verb, input.playbook]),
		"fix": null,
		"location": null,
		"unknown": false,
		"evidence": {"verb": change.verb, "tier": input.tier},
	})
}

_irreversible := {"delete", "release", "terminate", "destroy", "purge"}
