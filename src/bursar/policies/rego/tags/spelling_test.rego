package bursar.tests.tags.spelling

import data.bursar.gate
import data.bursar.rules.tags.spelling as rule
import data.bursar.tests.given

_wrong := given.with_owner("team", {"key": "Team"})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-TAG-003"
	regex.match("^aws_instance[.]a$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-TAG-003", "^aws_instance[.]a$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-TAG-003"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-TAG-003", "^aws_instance[.]a$")
	some finding in gate.violations with input as document
	finding.id == "BRS-TAG-003"
}

test_an_unknown_value_is_not_judged if {
	count(rule.violation) == 0 with input as given.with_owner("team", {"state": "unknown", "key": "Team"})
}
