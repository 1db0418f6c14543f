package bursar.tests.cost.currency

import data.bursar.gate
import data.bursar.rules.cost.currency as rule
import data.bursar.tests.given

_wrong := object.union(given.gate, {"cost": {"currency": "EUR"}})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-CST-002"
	regex.match("^budget:core$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-CST-002", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-CST-002"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-CST-002", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-CST-002"
}

test_an_unknown_currency_is_not_another if {
	count(rule.violation) == 0 with input as object.union(given.gate, {"cost": {"currency": null}})
}
