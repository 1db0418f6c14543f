package bursar.tests.remediation.approvals

import data.bursar.remediation
import data.bursar.rules.remediation.approvals as rule
import data.bursar.tests.given

_wrong := object.union(given.plan, {"approvals": []})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-RMD-001"
	regex.match("^vol-1$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.plan
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-RMD-001", "^vol-1$")
	some finding in remediation.excepted with input as document
	finding.id == "BRS-RMD-001"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-RMD-001", "^vol-1$")
	some finding in remediation.violations with input as document
	finding.id == "BRS-RMD-001"
}

test_destructive_work_in_production_needs_two if {
	not remediation.allow with input as given.with_change("D", {"env": "prod"})
	two := object.union(given.with_change("D", {"env": "prod"}), {"approvals": 2})
	remediation.allow with input as two
}

test_destructive_work_elsewhere_needs_one if {
	remediation.allow with input as given.with_change("D", {"env": "dev"})
}

test_an_unknown_environment_counts_as_production if {
	not remediation.allow with input as given.with_change("D", {"env": null})
}

test_what_cannot_be_undone_needs_two_everywhere if {
	some finding in rule.violation with input as given.with_change("I", {"env": "dev"})
	finding.message == "1 of 2 approvals"
}

test_one_person_twice_is_one if {
	document := object.union(given.with_change("I", {}), {"approvals": [{"approver": "ana"}, {"approver": "ana"}]})
	count(rule.violation) == 1 with input as document
}

test_approvals_of_nobody_are_none if {
	count(rule.violation) == 1 with input as object.union(given.with_change("I", {}), {"approvals": ["ana", {"by": "bo"}]})
}

test_unknown_approvals_are_none if {
	not remediation.allow with input as object.union(given.plan, {"approvals": "many"})
}
