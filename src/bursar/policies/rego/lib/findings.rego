# METADATA
# title: What the rules of each entry point found
# description: Remediation has rules of its own; every other family is the gate's. Rules of the user are found by being there.
package bursar.findings

gate contains finding if {
	some family, name
	family != "remediation"
	some finding in data.bursar.rules[family][name].violation
}

gate_rules contains id if {
	some family, name
	family != "remediation"
	is_set(data.bursar.rules[family][name].violation)
	id := data.bursar.rules[family][name].about.id
}

remediation contains finding if {
	some name
	some finding in data.bursar.rules.remediation[name].violation
}

remediation_rules contains id if {
	some name
	is_set(data.bursar.rules.remediation[name].violation)
	id := data.bursar.rules.remediation[name].about.id
}
