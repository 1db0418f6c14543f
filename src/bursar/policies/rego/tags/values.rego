# METADATA
# scope: package
# title: An ownership tag names nobody
# description: Where bursar.yaml names owners, a team tag must be one of them, as rules.yaml reads it.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-TAG-002
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-tag-002
package bursar.rules.tags.values

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some resource in input.resources
	some dimension, allowed in input.allowed
	resource.owners[dimension].state == "present"
	value := resource.owners[dimension].value
	not value in allowed
	finding := object.union(about, {
		"resource": resource.address,
		"key": dimension,
		"message": sprintf("tag %s is %q, which is nobody bursar.yaml names", [dimension, value]),
		"fix": {"kind": "set_tag", "key": resource.owners[dimension].key, "value": null},
		"location": object.get(resource, "location", null),
		"unknown": false,
		"evidence": {"value": value, "allowed": allowed},
	})
}
