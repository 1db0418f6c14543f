package bursar.tests.k8s.pod_labels

import data.bursar.gate
import data.bursar.rules.k8s.pod_labels as rule
import data.bursar.tests.given

_wrong := given.with_workload({"lost_labels": ["team"]})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-K8S-002"
	regex.match("^aws_instance[.]a$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-K8S-002", "^aws_instance[.]a$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-K8S-002"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-K8S-002", "^aws_instance[.]a$")
	some finding in gate.violations with input as document
	finding.id == "BRS-K8S-002"
}

test_an_unknown_label_is_not_lost if {
	document := given.with_workload({
		"owners": {"team": {"state": "unknown", "key": "team", "value": null}},
		"lost_labels": ["team"],
	})
	count(rule.violation) == 0 with input as document
}
