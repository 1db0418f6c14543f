package bursar.tests.remediation

import data.bursar.remediation
import data.bursar.tests.given

test_a_plan_that_breaks_nothing_is_allowed if {
	remediation.allow with input as given.plan
	remediation.excepted == set() with input as given.plan
}

test_a_plan_that_is_not_whole_is_denied if {
	not remediation.allow with input as {}
	not remediation.allow with input as object.union(given.plan, {"changes": []})
	not remediation.allow with input as object.remove(given.plan, ["playbook"])
}

test_every_rule_of_remediation_is_evaluated if {
	rules := remediation.rules with input as given.plan
	rules == {"BRS-RMD-001", "BRS-RMD-002", "BRS-RMD-003", "BRS-RMD-004"}
}
