# METADATA
# scope: package
# title: What other changes have reserved is not known
# description: The reservations could not be read, so the same money might be promised twice.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-006
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-006
package bursar.rules.budget.reservations

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	input.reservations != "read"
	finding := object.union(about, {
		"resource": "reservations",
		"key": "store",
		"message": "the reservations of other changes could not be read",
		"fix": null,
		"location": null,
		"unknown": false,
		"evidence": {},
	})
}
