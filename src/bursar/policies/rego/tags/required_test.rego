package bursar.tests.tags.required

import data.bursar.gate
import data.bursar.rules.tags.required as rule
import data.bursar.tests.given

_wrong := given.with_owner("team", {"state": "missing", "key": null, "value": null})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-TAG-001"
	regex.match("^aws_instance[.]a$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-TAG-001", "^aws_instance[.]a$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-TAG-001"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-TAG-001", "^aws_instance[.]a$")
	some finding in gate.violations with input as document
	finding.id == "BRS-TAG-001"
}

test_what_the_input_does_not_tell_is_missing if {
	document := object.union(given.gate, {"required": ["env"]})
	some finding in rule.violation with input as document
	not finding.unknown
}

test_an_unknown_value_warns if {
	document := given.with_owner("team", {"state": "unknown", "key": "team", "value": null})
	some finding in gate.violations with input as document
	finding.level == "warn"
	gate.allow with input as document
}

test_what_may_not_be_taggable_warns if {
	some finding in gate.violations with input as given.with_resource({"taggable": "unknown"})
	finding.level == "warn"
}

test_what_cannot_be_tagged_is_left_alone if {
	document := object.union(given.gate, {"resources": [object.union(given.resource, {"taggable": "no", "owners": {}})]})
	count(rule.violation) == 0 with input as document
}
