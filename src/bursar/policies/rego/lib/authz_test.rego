package bursar.tests.authz

import data.system.authz

test_decisions_and_health_are_answered if {
	authz.allow with input as {"method": "POST", "path": ["v1", "data", "bursar", "gate"]}
	authz.allow with input as {"method": "POST", "path": ["v1", "data", "bursar", "remediation"]}
	authz.allow with input as {"method": "GET", "path": ["health"]}
}

test_everything_else_is_refused if {
	every request in [
		["POST", ["v1", "query"]],
		["POST", ["v1", "compile"]],
		["PUT", ["v1", "policies", "a"]],
		["PUT", ["v1", "data", "bursar", "gate"]],
		["GET", ["v1", "data", "bursar", "gate"]],
		["POST", ["v1", "data"]],
		["POST", ["v1", "data", "bursar", "gate", "allow"]],
		["POST", ["v0", "data", "bursar", "gate"]],
		["POST", ["health"]],
		["GET", ["metrics"]],
	] {
		not authz.allow with input as {"method": request[0], "path": request[1]}
	}
}
