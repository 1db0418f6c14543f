# METADATA
# scope: package
# title: A workload's pods do not carry its owner
# description: Cost is attributed to pods. A label of the workload that its pod template lacks is worth nothing to the bill.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-K8S-002
#   severity: high
#   since: 0.2.0
#   docs: docs/policies.md#brs-k8s-002
package bursar.rules.k8s.pod_labels

import data.bursar.tags
import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some resource in input.workloads
	some key in resource.lost_labels
	some dimension in input.required
	resource.owners[dimension].key == key
	tags.standing(resource, dimension) == "present"
	finding := object.union(about, {
		"resource": resource.address,
		"key": dimension,
		"message": sprintf("label %s is not in the pod template", [key]),
		"fix": {"kind": "add_label", "key": sprintf("spec.template.metadata.labels.%s", [key]), "value": resource.owners[dimension].value},
		"location": object.get(resource, "location", null),
		"unknown": false,
		"evidence": {"key": key},
	})
}
