# METADATA
# scope: package
# title: An ownership tag is spelt another way
# description: The bill is allocated all the same, but a provider activates cost allocation tags by their exact key.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-TAG-003
#   severity: low
#   since: 0.2.0
#   docs: docs/policies.md#brs-tag-003
package bursar.rules.tags.spelling

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some resource in input.resources
	some dimension, owner in resource.owners
	not owner.key in input.spellings[dimension]
	owner.state == "present"
	finding := object.union(about, {
		"resource": resource.address,
		"key": dimension,
		"message": sprintf("tag key %q stands for %q", [owner.key, input.spellings[dimension][0]]),
		"fix": {"kind": "rename_tag", "key": owner.key, "value": input.spellings[dimension][0]},
		"location": object.get(resource, "location", null),
		"unknown": false,
		"evidence": {"key": owner.key},
	})
}
