# METADATA
# scope: package
# title: No budget covers the change
# description: There are budgets, and what this change creates belongs to none of them.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-003
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-003
package bursar.rules.budget.unmatched

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	input.budgets_defined
	some resource in input.resources
	resource.budgets == []
	finding := object.union(about, {
		"resource": resource.address,
		"key": "budget",
		"message": "no budget's scope matches this resource",
		"fix": {"kind": "budget", "key": "scope", "value": null},
		"location": object.get(resource, "location", null),
		"unknown": false,
		"evidence": {"type": resource.type},
	})
}
