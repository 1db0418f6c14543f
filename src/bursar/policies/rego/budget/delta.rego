# METADATA
# scope: package
# title: The change adds more than one change may
# description: A budget may limit what a single change adds to a month.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-002
#   severity: critical
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-002
package bursar.rules.budget.delta

import data.bursar.money
import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	money.above(budget.delta_micros, budget.max_delta_micros)
	finding := object.union(about, {
		"severity": _severity[budget.mode],
		"resource": sprintf("budget:%s", [budget.id]),
		"key": "delta",
		"message": sprintf("adds %s a month to budget %s, a change may add %s", [
			money.text(budget.delta_micros, budget.currency),
			budget.id,
			money.text(budget.max_delta_micros, budget.currency),
		]),
		"fix": {"kind": "budget", "key": budget.id, "value": null},
		"location": null,
		"unknown": false,
		"evidence": {"delta_micros": budget.delta_micros, "max_delta_micros": budget.max_delta_micros},
	})
}

_severity := {"hard": "critical", "soft": "low"}
