# METADATA
# title: May this plan be applied now
# description: |
#   The rules of remediation, the user's own included. A plan that is not whole, or changes nothing, is denied.
# schemas:
#   - input: schema.remediation
package bursar.remediation

import data.bursar.findings
import data.bursar.verdict
import data.bursar.whole

default allow := false

allow if {
	whole.remediation
	verdict.passes(violations)
}

violations := verdict.violations(findings.remediation)

excepted := verdict.excepted(findings.remediation)

rules := findings.remediation_rules
