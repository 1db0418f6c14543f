package bursar.tests.remediation.tier

import data.bursar.remediation
import data.bursar.rules.remediation.tier as rule
import data.bursar.tests.given

_wrong := given.with_change("R", {"verb": "delete_volume"})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-RMD-003"
	regex.match("^vol-1$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.plan
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-RMD-003", "^vol-1$")
	some finding in remediation.excepted with input as document
	finding.id == "BRS-RMD-003"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-RMD-003", "^vol-1$")
	some finding in remediation.violations with input as document
	finding.id == "BRS-RMD-003"
}

test_a_destructive_playbook_may_delete if {
	count(rule.violation) == 0 with input as given.with_change("D", {"verb": "delete_volume"})
}

test_an_unknown_tier_is_denied if {
	not remediation.allow with input as given.with_change("X", {})
}
