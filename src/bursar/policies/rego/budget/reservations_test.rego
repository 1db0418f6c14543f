package bursar.tests.budget.reservations

import data.bursar.gate
import data.bursar.rules.budget.reservations as rule
import data.bursar.tests.given

_wrong := object.union(given.gate, {"reservations": "unreachable"})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-006"
	regex.match("^reservations$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-006", "^reservations$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-006"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-006", "^reservations$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-006"
}

test_unknown_reservations_deny_in_production_and_warn_elsewhere if {
	not gate.allow with input as _wrong
	gate.allow with input as object.union(_wrong, {"env": "dev"})
}
