# METADATA
# scope: package
# title: A container asks for nothing
# description: Without requests a pod's cost cannot be told from its neighbours', and the node cannot be sized.
# schemas:
#   - input: schema.gate
# custom:
#   id: BRS-K8S-001
#   severity: medium
#   since: 0.2.0
#   docs: docs/policies.md#brs-k8s-001
package bursar.rules.k8s.requests

import data.bursar.verdict

about := verdict.about(rego.metadata.chain())

violation contains finding if {
	some resource in input.workloads
	some container in resource.containers
	some quantity in ["cpu", "memory"]
	not quantity in container.requests
	finding := object.union(about, {
		"resource": resource.address,
		"key": sprintf("%s.%s", [container.name, quantity]),
		"message": sprintf("container %s requests no %s", [container.name, quantity]),
		"fix": {"kind": "set_request", "key": sprintf("resources.requests.%s", [quantity]), "value": null},
		"location": object.get(resource, "location", null),
		"unknown": false,
		"evidence": {"container": container.name},
	})
}
