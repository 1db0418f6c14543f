package bursar.tests.whole

import data.bursar.gate
import data.bursar.remediation
import data.bursar.tests.given
import data.bursar.whole

_without(document, path) := json.remove(document, [path])

test_nothing_the_gate_reads_may_be_left_out if {
	every path in [
		"now_ns", "env", "budgets_defined", "reservations", "exceptions", "required", "spellings", "allowed", "resources", "budgets",
		"spellings/team", "cost/planned", "cost/priced", "cost/coverage_millionths", "cost/unpriced", "cost/price_source",
		"resources/0/address", "resources/0/type", "resources/0/taggable", "resources/0/owners", "resources/0/owners/team",
		"resources/0/owners/team/key", "resources/0/owners/team/value", "resources/0/budgets", "workloads", "workloads/0/address", "workloads/0/type", "workloads/0/owners", "workloads/0/lost_labels", "workloads/0/containers",
		"workloads/0/containers/0/name", "workloads/0/containers/0/requests",
		"budgets/0/id", "budgets/0/period", "budgets/0/currency", "budgets/0/mode", "budgets/0/out_of_tolerance",
		"budgets/0/amount_micros", "budgets/0/actual_micros", "budgets/0/p_breach_millionths", "budgets/0/data_age_hours",
	] {
		not gate.allow with input as _without(given.gate, path)
	}
}

test_nothing_the_gate_reads_may_be_of_another_kind if {
	every changes in [
		{"resources": {"0": given.resource}},
		{"budgets": null},
		{"workloads": null},
		{"required": null},
		{"allowed": {"team": "core"}},
		{"cost": {"coverage_millionths": "1000000"}},
	] {
		not whole.gate with input as object.union(given.gate, changes)
	}
	not whole.gate with input as given.with_budget({"mode": "off"})
	not whole.gate with input as given.with_budget({"p_breach_millionths": "0"})
	not whole.gate with input as given.with_resource({"taggable": true})
	not whole.gate with input as given.with_resource({"budgets": "core"})
	not whole.gate with input as given.with_owner("team", {"state": "there"})
}

test_what_is_whole_is_believed if {
	whole.gate with input as given.gate
	whole.gate with input as given.with_resource({"budgets": null})
	whole.gate with input as given.with_budget({"data_age_hours": null})
	whole.gate with input as given.with_owner("team", {"state": "unknown", "key": null, "value": null})
	whole.remediation with input as given.plan
}

test_nothing_remediation_reads_may_be_left_out if {
	every path in [
		"now_ns", "playbook", "tier", "changes", "changes/0", "changes/0/resource", "changes/0/verb", "changes/0/tags",
	] {
		not remediation.allow with input as _without(given.plan, path)
	}
	not whole.remediation with input as given.with_change("R", {"tags": {"team": null}})
}
