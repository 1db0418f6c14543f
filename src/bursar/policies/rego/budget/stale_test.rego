package bursar.tests.budget.stale

import data.bursar.gate
import data.bursar.rules.budget.stale as rule
import data.bursar.tests.given

_wrong := given.with_budget({"data_age_hours": 37})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-004"
	regex.match("^budget:core$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-004", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-004"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-004", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-004"
}

test_a_bill_out_of_tolerance_is_told if {
	some finding in rule.violation with input as given.with_budget({"out_of_tolerance": true})
	finding.key == "tolerance"
}

test_an_unknown_age_denies_in_production if {
	some finding in gate.violations with input as given.with_budget({"data_age_hours": null})
	finding.key == "nothing"
	finding.level == "deny"
}
