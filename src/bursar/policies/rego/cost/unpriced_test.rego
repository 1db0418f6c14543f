package bursar.tests.cost.unpriced

import data.bursar.gate
import data.bursar.rules.cost.unpriced as rule
import data.bursar.tests.given

_wrong := object.union(given.gate, {"cost": {"coverage_millionths": 100000}})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-CST-001"
	regex.match("^budget:core$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-CST-001", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-CST-001"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-CST-001", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-CST-001"
}

test_an_unknown_price_denies_in_production_and_warns_elsewhere if {
	not gate.allow with input as _wrong
	gate.allow with input as object.union(_wrong, {"env": "staging"})
}
