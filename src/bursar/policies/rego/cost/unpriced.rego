# METADATA
# scope: package
# title: What the change costs is not known
# description: A budget with a gate asks for a price of at least so much of the change.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-CST-001
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-cst-001
package bursar.rules.cost.unpriced

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	not _covered(budget)
	finding := object.union(about, {
		"resource": sprintf("budget:%s", [budget.id]),
		"key": "coverage",
		"message": sprintf("%d of %d planned resources have a price", [input.cost.priced, input.cost.planned]),
		"fix": {"kind": "price", "key": "--infracost", "value": null},
		"location": null,
		"unknown": false,
		"evidence": {"unpriced": input.cost.unpriced, "price_source": input.cost.price_source},
	})
}

_covered(budget) if input.cost.coverage_millionths >= budget.coverage_min_millionths
