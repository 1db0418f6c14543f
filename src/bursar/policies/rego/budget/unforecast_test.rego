package bursar.tests.budget.unforecast

import data.bursar.gate
import data.bursar.rules.budget.unforecast as rule
import data.bursar.tests.given

_wrong := given.with_budget({"p_breach_millionths": null})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-005"
	regex.match("^budget:core$", finding.resource)
	finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-005", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-005"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-005", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-005"
}

test_an_unknown_probability_warns if {
	some finding in gate.violations with input as _wrong
	finding.level == "warn"
	gate.allow with input as _wrong
}
