package bursar.tests.remediation.protected

import data.bursar.remediation
import data.bursar.rules.remediation.protected as rule
import data.bursar.tests.given

_wrong := given.with_change("R", {"tags": {"Bursar:Protect": ""}})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-RMD-002"
	regex.match("^vol-1$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.plan
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-RMD-002", "^vol-1$")
	some finding in remediation.excepted with input as document
	finding.id == "BRS-RMD-002"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-RMD-002", "^vol-1$")
	some finding in remediation.violations with input as document
	finding.id == "BRS-RMD-002"
}

test_a_protection_switched_off_is_none if {
	count(rule.violation) == 0 with input as given.with_change("R", {"tags": {"bursar:protect": "False"}})
}

test_unknown_tags_are_denied if {
	document := object.union(given.plan, {"changes": [object.remove(given.change, ["tags"])]})
	not remediation.allow with input as document
}
