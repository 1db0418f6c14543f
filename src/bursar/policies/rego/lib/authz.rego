# METADATA
# title: What the engine's socket answers
# description: |
#   The child is asked for decisions and for its health, by one process over one socket. Everything else that OPA's API offers
#   (queries, compilation, other policies, data) would run text with all built-in functions, and is refused.
package system.authz

default allow := false

allow if {
	input.method == "POST"
	input.path == ["v1", "data", "bursar", input.path[3]]
	input.path[3] in {"gate", "remediation"}
}

allow if {
	input.method == "GET"
	input.path == ["health"]
}
