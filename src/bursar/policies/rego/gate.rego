# METADATA
# title: May this change be merged
# description: |
#   Every rule but those of remediation, the user's own included. An input that is not whole is denied.
# schemas:
#   - input: schema.gate
package bursar.gate

import data.bursar.findings
import data.bursar.verdict
import data.bursar.whole

default allow := false

allow if {
	whole.gate
	verdict.passes(violations)
}

violations := verdict.violations(findings.gate)

excepted := verdict.excepted(findings.gate)

rules := findings.gate_rules
