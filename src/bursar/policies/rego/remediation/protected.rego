# METADATA
# scope: package
# title: A protected resource would be changed
# description: Whoever tags a resource bursar:protect says hands off, whatever a plan promises.
# schemas:
#   - input: schema.remediation
# custom:
#   id: BRS-RMD-002
#   severity: critical
#   since: 0.2.0
#   docs: docs/policies.md#brs-rmd-002
package bursar.rules.remediation.protected

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some change in input.changes
	some key, value in change.tags
	lower(key) in {"bursar:protect", "bursar_protect", "bursar-protect"}
	not lower(value) in {"false", "no", "off", "0"}
	finding := object.union(about, {
		"resource": change.resource,
		"key": key,
		"message": sprintf("it is tagged %s", [key]),
		"fix": {"kind": "remove_tag", "key": key, "value": null},
		"location": null,
		"unknown": false,
		"evidence": {"verb": change.verb},
	})
}
