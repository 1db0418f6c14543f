# METADATA
# scope: package
# title: An ownership tag is missing
# description: Whoever cannot be named cannot be asked. A tag whose value is known only after apply is said, not denied.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-TAG-001
#   severity: high
#   since: 0.2.0
#   docs: docs/policies.md#brs-tag-001
package bursar.rules.tags.required

import data.bursar.tags
import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some resource in input.resources
	resource.taggable == "yes"
	some dimension in input.required
	not resource.owners[dimension].state == "present"
	state := tags.standing(resource, dimension)
	finding := object.union(about, {
		"resource": resource.address,
		"key": dimension,
		"message": sprintf("tag %s is %s", [dimension, _words[state]]),
		"fix": {"kind": "add_tag", "key": dimension, "value": null},
		"location": object.get(resource, "location", null),
		"unknown": state == "unknown",
		"evidence": {"type": resource.type, "state": state},
	})
}

violation contains finding if {
	some resource in input.resources
	resource.taggable == "unknown"
	finding := object.union(about, {
		"resource": resource.address,
		"key": "*",
		"message": "whether this resource can be tagged is not known",
		"fix": null,
		"location": object.get(resource, "location", null),
		"unknown": true,
		"evidence": {"type": resource.type, "state": "unknown"},
	})
}

_words := {"missing": "missing", "unknown": "known only after apply"}
