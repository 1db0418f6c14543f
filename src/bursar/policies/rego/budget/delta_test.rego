package bursar.tests.budget.delta

import data.bursar.gate
import data.bursar.rules.budget.delta as rule
import data.bursar.tests.given

_wrong := given.with_budget({"delta_micros": 100000001})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-002"
	regex.match("^budget:core$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-002", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-002"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-002", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-002"
}

test_a_soft_budget_warns if {
	gate.allow with input as given.with_budget({"delta_micros": 100000001, "mode": "soft"})
}

test_an_unknown_delta_is_left_to_the_price if {
	count(rule.violation) == 0 with input as given.with_budget({"delta_micros": null})
}

test_a_budget_without_a_limit_has_none if {
	count(rule.violation) == 0 with input as given.with_budget({"delta_micros": 999000000, "max_delta_micros": null})
}
