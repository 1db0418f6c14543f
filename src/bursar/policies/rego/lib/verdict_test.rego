package bursar.tests.verdict

import data.bursar.tests.given
import data.bursar.verdict

_finding(severity) := {"id": "BRS-X-001", "resource": "a.b[0]", "severity": severity, "unknown": false}

_levels(env) := [level |
	some severity in ["low", "medium", "high", "critical"]
	level := verdict.level(_finding(severity)) with input as {"env": env}
]

test_severity_denies_by_environment if {
	_levels("prod") == ["warn", "deny", "deny", "deny"]
	_levels("staging") == ["warn", "warn", "deny", "deny"]
	_levels("dev") == ["warn", "warn", "warn", "deny"]
}

test_an_environment_or_severity_nobody_knows_is_the_strictest if {
	_levels("qa") == _levels("prod")
	verdict.level(_finding("catastrophic")) == "deny" with input as {"env": "dev"}
}

test_what_is_unknown_warns if {
	verdict.level(object.union(_finding("critical"), {"unknown": true})) == "warn" with input as {"env": "prod"}
}

_covers(exception, finding) if {
	document := {"now_ns": 1000, "exceptions": [exception]}
	count(verdict.covering(finding)) == 1 with input as document
}

test_an_exception_holds_for_its_rule_resource_and_time if {
	holds := given.exception("BRS-X-001", `^a\.b\[0\]$`)
	_covers(holds, _finding("low"))
	not _covers(object.union(holds, {"rule": "BRS-X-002"}), _finding("low"))
	not _covers(object.union(holds, {"pattern": `^a\.b$`}), _finding("low"))
	not _covers(object.union(holds, {"expires_ns": 1000}), _finding("low"))
	not _covers(object.union(holds, {"created_ns": 1001}), _finding("low"))
}

test_an_exception_with_a_scope_holds_there_only if {
	holds := given.exception("BRS-X-001", "^a.*$")
	_covers(object.union(holds, {"only": ["a.b[0]"]}), _finding("low"))
	not _covers(object.union(holds, {"only": ["a.c"]}), _finding("low"))
}
