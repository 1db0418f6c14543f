package bursar.tests.tags

import data.bursar.tags

_resource := {"tags": {"team": "core"}, "unknown": ["cost"], "open": false}

test_a_tag_has_three_states if {
	tags.state(_resource, "team") == "present"
	tags.state(_resource, "cost") == "unknown"
	tags.state(_resource, "env") == "missing"
	tags.state(object.union(_resource, {"open": true}), "env") == "unknown"
}
