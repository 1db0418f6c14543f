package bursar.tests.budget.breach

import data.bursar.gate
import data.bursar.rules.budget.breach as rule
import data.bursar.tests.given

_wrong := given.with_budget({"p_breach_millionths": 500001})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-BUD-001"
	regex.match("^budget:core$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-BUD-001", "^budget:core$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-BUD-001"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-BUD-001", "^budget:core$")
	some finding in gate.violations with input as document
	finding.id == "BRS-BUD-001"
}

test_a_hard_budget_denies_everywhere if {
	not gate.allow with input as object.union(_wrong, {"env": "dev"})
}

test_a_soft_budget_warns_everywhere if {
	gate.allow with input as given.with_budget({"p_breach_millionths": 1000000, "mode": "soft"})
}

test_an_unknown_probability_is_left_to_its_own_rule if {
	count(rule.violation) == 0 with input as given.with_budget({"p_breach_millionths": null})
}
