package bursar.tests.remediation.saving

import data.bursar.remediation
import data.bursar.rules.remediation.saving as rule
import data.bursar.tests.given

_wrong := given.with_change("D", {"saving_monthly_micros": 0})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-RMD-004"
	regex.match("^vol-1$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.plan
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-RMD-004", "^vol-1$")
	some finding in remediation.excepted with input as document
	finding.id == "BRS-RMD-004"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-RMD-004", "^vol-1$")
	some finding in remediation.violations with input as document
	finding.id == "BRS-RMD-004"
}

test_an_unknown_saving_warns if {
	some finding in remediation.violations with input as given.with_change("D", {"saving_monthly_micros": null})
	finding.level == "warn"
	finding.unknown
}

test_what_saves_is_worth_it if {
	count(rule.violation) == 0 with input as given.with_change("D", {})
}
