# METADATA
# title: What tests start from
# description: A change that breaks no rule, a plan that may be applied, and exceptions that hold, have ended or have not begun.
package bursar.tests.given

resource := {
	"address": "aws_instance.a",
	"type": "aws_instance",
	"action": "create",
	"taggable": "yes",
	"owners": {
		"team": {"state": "present", "key": "team", "value": "core"},
		"service": {"state": "present", "key": "service", "value": "web"},
	},
	"tags": {"team": "core", "service": "web"},
	"unknown": [],
	"open": false,
	"delta_micros": 70000000,
	"budgets": ["core"],
}

workload := {
	"address": "aws_instance.a",
	"type": "Deployment",
	"owners": {"team": {"state": "present", "key": "team", "value": "core"}},
	"containers": [{"name": "app", "requests": ["cpu", "memory"]}],
	"lost_labels": [],
	"location": null,
}

budget := {
	"id": "core",
	"period": "2026-11",
	"mode": "hard",
	"currency": "USD",
	"amount_micros": 1000000000,
	"actual_micros": 500000000,
	"reserved_micros": 0,
	"delta_micros": 70000000,
	"max_delta_micros": 100000000,
	"p_breach_millionths": 100000,
	"p_limit_millionths": 500000,
	"coverage_min_millionths": 900000,
	"data_age_hours": 10,
	"out_of_tolerance": false,
}

gate := {
	"now_ns": 1000,
	"env": "prod",
	"required": ["team", "service"],
	"allowed": {"team": ["core", "ml"]},
	"spellings": {"team": ["team", "owner"], "service": ["service"]},
	"resources": [resource],
	"workloads": [workload],
	"cost": {
		"currency": "USD",
		"delta_micros": 70000000,
		"planned": 1,
		"priced": 1,
		"coverage_millionths": 1000000,
		"unpriced": [],
		"price_source": "infracost",
	},
	"budgets": [budget],
	"budgets_defined": true,
	"reservations": "read",
	"exceptions": [],
}

with_resource(changes) := object.union(gate, {"resources": [object.union(resource, changes)]})

with_workload(changes) := object.union(gate, {"workloads": [object.union(workload, changes)]})

with_owner(dimension, owner) := object.union(gate, {"resources": [object.union(resource, {"owners": {dimension: owner}})]})

with_budget(changes) := object.union(gate, {"budgets": [object.union(budget, changes)]})

change := {
	"provider": "aws",
	"account": "222222222222",
	"env": "dev",
	"kind": "volume",
	"verb": "stop",
	"resource": "vol-1",
	"tags": {"team": "core"},
	"saving_monthly_micros": 8000000,
}

plan := {
	"now_ns": 1000,
	"playbook": "night_sleep",
	"tier": "R",
	"changes": [change],
	"approvals": [{"approver": "ana"}],
	"exceptions": [],
}

with_change(tier, changes) := object.union(plan, {"tier": tier, "changes": [object.union(change, changes)]})

exception(rule, pattern) := {"id": "exc-1", "rule": rule, "pattern": pattern, "created_ns": 1, "expires_ns": 2000, "only": null}

excepted(document, rule, pattern) := object.union(document, {"exceptions": [exception(rule, pattern)]})

expired(document, rule, pattern) := object.union(document, {"exceptions": [object.union(exception(rule, pattern), {"expires_ns": 1000})]})
