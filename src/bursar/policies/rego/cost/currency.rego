# METADATA
# scope: package
# title: The price is in another currency than the budget
# description: Amounts of two currencies are never added; without a rate nothing can be said.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-CST-002
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-cst-002
package bursar.rules.cost.currency

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	is_string(input.cost.currency)
	budget.currency != input.cost.currency
	finding := object.union(about, {
		"resource": sprintf("budget:%s", [budget.id]),
		"key": "currency",
		"message": sprintf("the change is priced in %s, the budget is in %s", [input.cost.currency, budget.currency]),
		"fix": null,
		"location": null,
		"unknown": false,
		"evidence": {"cost": input.cost.currency, "budget": budget.currency},
	})
}
