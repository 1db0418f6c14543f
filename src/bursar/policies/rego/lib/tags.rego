# METADATA
# title: Three-valued tags
# description: A tag is there, is missing, or cannot be known before the change is made. Missing and unknown are never the same.
package bursar.tags

# METADATA
# title: How an ownership key stands on a resource
# description: |
#   `team`, `service` and `env` under any of the keys that rules.yaml reads them from. What the input does not tell is missing.
standing(resource, dimension) := object.get(resource.owners, [dimension, "state"], "missing")

# METADATA
# title: How any tag stands on a resource
# description: present, missing or unknown, by the exact key. For rules of your own.
state(resource, key) := "present" if resource.tags[key]

state(resource, key) := "unknown" if {
	not resource.tags[key]
	_may_have(resource, key)
}

state(resource, key) := "missing" if {
	not resource.tags[key]
	not _may_have(resource, key)
}

_may_have(resource, key) if key in resource.unknown

_may_have(resource, _) if resource.open
