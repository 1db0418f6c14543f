# METADATA
# scope: package
# title: What is spent already is not known well enough
# description: The newest bill is older than a day and a half, or a closed month is out of tolerance with its invoice.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-BUD-004
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-bud-004
package bursar.rules.budget.stale

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some budget in input.budgets
	some reason in _reasons(budget)
	finding := object.union(about, {
		"resource": sprintf("budget:%s", [budget.id]),
		"key": reason,
		"message": _words[reason],
		"fix": {"kind": "ingest", "key": "bill", "value": null},
		"location": null,
		"unknown": false,
		"evidence": {"data_age_hours": budget.data_age_hours},
	})
}

_reasons(budget) := {reason |
	some reason, holds in {
		"nothing": is_null(budget.data_age_hours),
		"old": _old(budget.data_age_hours),
		"tolerance": budget.out_of_tolerance,
	}
	holds
}

_old(hours) if {
	is_number(hours)
	hours > 36
}

_old(null) := false

_old(hours) := false if {
	is_number(hours)
	hours <= 36
}

_words := {
	"nothing": "no bill is published to measure the budget by",
	"old": "the newest bill is more than 36 hours old",
	"tolerance": "a bill of this budget is out of tolerance with its invoice",
}
