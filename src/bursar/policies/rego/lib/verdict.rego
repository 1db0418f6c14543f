# METADATA
# title: From findings to a verdict
# description: |
#   Rules only find. What a finding means is decided here and nowhere else: exceptions are applied, severity becomes deny or
#   warn by environment, and what is unknown warns. An environment or severity nobody knows counts as the strictest.
package bursar.verdict

_ranks := {"low": 1, "medium": 2, "high": 3, "critical": 4}

_denied_from := {"prod": 2, "staging": 3, "dev": 4}

# METADATA
# title: Who speaks
# description: Id and severity of the rule whose package carries this METADATA; every finding of it starts from here.
about(chain) := {"id": custom.id, "severity": custom.severity, "rule": link.annotations.title} if {
	some link in chain
	custom := link.annotations.custom
}

# METADATA
# title: Findings no exception covers
# description: Each with its level, deny or warn.
violations(found) := {object.union(finding, {"level": level(finding)}) |
	some finding in found
	count(covering(finding)) == 0
}

# METADATA
# title: Findings an exception covers
# description: Each with the exceptions that cover it.
excepted(found) := {object.union(finding, {"exceptions": covering(finding)}) |
	some finding in found
	count(covering(finding)) > 0
}

# METADATA
# title: Whether none of these denies
passes(judged) if every finding in judged {
	finding.level == "warn"
}

# METADATA
# title: What a finding does in this environment
level(finding) := "warn" if finding.unknown

level(finding) := "deny" if {
	not finding.unknown
	_rank(finding) >= _threshold
}

level(finding) := "warn" if {
	not finding.unknown
	_rank(finding) < _threshold
}

# METADATA
# title: Ids of the exceptions that cover a finding
covering(finding) := {exception.id |
	some exception in _exceptions[finding.id]
	regex.match(exception.pattern, finding.resource)
	_in_scope(exception, finding.resource)
}

default _threshold := 2

_threshold := _denied_from[input.env]

_rank(finding) := object.get(_ranks, finding.severity, 4)

_exceptions[rule] contains exception if {
	some exception in input.exceptions
	exception.created_ns <= input.now_ns
	input.now_ns < exception.expires_ns
	rule := exception.rule
}

_in_scope(exception, _) if exception.only == null

_in_scope(exception, resource) if resource in exception.only
