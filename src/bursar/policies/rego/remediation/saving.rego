# METADATA
# scope: package
# title: A change that destroys saves nothing
# description: What cannot simply be put back must be worth it; a saving nobody knows is said.
# schemas:
#   - input: schema.remediation
# custom:
#   id: BRS-RMD-004
#   severity: high
#   since: 0.2.0
#   docs: docs/policies.md#brs-rmd-004
package bursar.rules.remediation.saving

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	input.tier != "R"
	some change in input.changes
	saving := object.get(change, "saving_monthly_micros", null)
	not _saves(saving)
	finding := object.union(about, {
		"resource": change.resource,
		"key": "saving",
		"message": _words[is_null(saving)],
		"fix": null,
		"location": null,
		"unknown": is_null(saving),
		"evidence": {"saving_monthly_micros": saving},
	})
}

_saves(saving) if {
	is_number(saving)
	saving > 0
}

_words := {true: "what it saves is not known", false: "it saves nothing"}
