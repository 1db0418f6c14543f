# METADATA
# scope: package
# title: Whether the budget holds cannot be said yet
# description: Without a forecast only what is certain is judged, which is actual cost, reservations and this change.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-005
#   severity: low
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-005
package bursar.rules.budget.unforecast

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	is_null(budget.p_breach_millionths)
	finding := object.union(about, {
		"resource": sprintf("budget:%s", [budget.id]),
		"key": budget.period,
		"message": sprintf("there is no forecast for budget %s; it is not exceeded yet", [budget.id]),
		"fix": null,
		"location": null,
		"unknown": true,
		"evidence": {"amount_micros": budget.amount_micros, "actual_micros": budget.actual_micros},
	})
}
