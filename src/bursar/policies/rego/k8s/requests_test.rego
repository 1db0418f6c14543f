package bursar.tests.k8s.requests

import data.bursar.gate
import data.bursar.rules.k8s.requests as rule
import data.bursar.tests.given

_wrong := given.with_workload({"containers": [{"name": "app", "requests": ["cpu"]}]})

test_what_breaks_it_is_found if {
	some finding in rule.violation with input as _wrong
	finding.id == "BRS-K8S-001"
	regex.match("^aws_instance[.]a$", finding.resource)
	not finding.unknown
}

test_what_keeps_it_is_not if {
	count(rule.violation) == 0 with input as given.gate
}

test_an_exception_covers_it if {
	document := given.excepted(_wrong, "BRS-K8S-001", "^aws_instance[.]a$")
	some finding in gate.excepted with input as document
	finding.id == "BRS-K8S-001"
	finding.exceptions == {"exc-1"}
}

test_an_expired_exception_does_not if {
	document := given.expired(_wrong, "BRS-K8S-001", "^aws_instance[.]a$")
	some finding in gate.violations with input as document
	finding.id == "BRS-K8S-001"
}

test_what_has_no_containers_known_is_left_alone if {
	count(rule.violation) == 0 with input as given.with_workload({"containers": []})
}
