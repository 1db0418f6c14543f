package bursar.tests.gate

import data.bursar.gate
import data.bursar.tests.given

test_a_change_that_breaks_nothing_is_allowed if {
	gate.allow with input as given.gate
	gate.violations == set() with input as given.gate
}

test_a_change_of_nothing_is_allowed if {
	gate.allow with input as object.union(given.gate, {"resources": []})
}

test_an_input_that_is_not_whole_is_denied if {
	not gate.allow with input as {}
}

test_every_rule_of_the_gate_is_evaluated if {
	rules := gate.rules with input as given.gate
	count(rules) == 13
	"BRS-TAG-001" in rules
	not "BRS-RMD-001" in rules
}
