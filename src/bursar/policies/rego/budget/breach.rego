# METADATA
# scope: package
# title: The change would break a budget
# description: The probability that the period ends above its amount, with what other open changes have reserved, is above the budget's limit.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-001
#   severity: critical
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-001
package bursar.rules.budget.breach

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	is_number(budget.p_breach_millionths)
	budget.p_breach_millionths > budget.p_limit_millionths
	finding := object.union(about, {
		"severity": _severity[budget.mode],
		"resource": sprintf("budget:%s", [budget.id]),
		"key": budget.period,
		"message": sprintf(
			"budget %s is exceeded with probability %d %%, %d %% is its limit",
			[budget.id, round(budget.p_breach_millionths / 10000), round(budget.p_limit_millionths / 10000)],
		),
		"fix": {"kind": "budget", "key": budget.id, "value": null},
		"location": null,
		"unknown": false,
		"evidence": {
			"amount_micros": budget.amount_micros,
			"actual_micros": budget.actual_micros,
			"reserved_micros": budget.reserved_micros,
			"delta_micros": budget.delta_micros,
		},
	})
}

_severity := {"hard": "critical", "soft": "low"}
