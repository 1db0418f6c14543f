package bursar.tests.budget.unmatched

import data.bursar.gate
import data.bursar.rules.budget.unmatched as rule
import data.bursar.tests.given

_wrong := given.with_resource({"budgets": []})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-003"
	regex.match("^aws_instance[.]a$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-003", "^aws_instance[.]a$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-003"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-003", "^aws_instance[.]a$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-003"
}

test_an_unknown_match_is_not_asked_for if {
	count(rule.violation) == 0 with input as given.with_resource({"budgets": null})
}

test_without_budgets_none_is_missed if {
	count(rule.violation) == 0 with input as object.union(_wrong, {"budgets_defined": false})
}
