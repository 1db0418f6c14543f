# METADATA
# title: Whether an input is whole
# description: |
#   A rule that reads what is not there finds nothing. So what is not whole is denied before any rule is believed.
package bursar.whole

gate if {
	is_number(input.now_ns)
	is_string(input.env)
	is_boolean(input.budgets_defined)
	is_string(input.reservations)
	is_array(input.exceptions)
	every dimension in input.required {
		is_string(dimension)
		is_array(input.spellings[dimension])
	}
	_are_lists(input.allowed)
	_cost
	count(_resources) == count(_list(input.resources))
	every workload in _list(input.workloads) {
		_workload(workload)
	}
	every budget in _list(input.budgets) {
		_budget(budget)
	}
}

remediation if {
	is_number(input.now_ns)
	is_string(input.playbook)
	input.tier in {"R", "D", "I"}
	count(_list(input.changes)) > 0
	every change in input.changes {
		is_string(change.resource)
		is_string(change.verb)
		is_object(change.tags)
		every value in change.tags {
			is_string(value)
		}
	}
}

_list(value) := value if is_array(value)

_are_lists(lists) if {
	is_object(lists)
	every list in lists {
		is_array(list)
	}
}

_cost if {
	is_number(input.cost.planned)
	is_number(input.cost.priced)
	is_number(input.cost.coverage_millionths)
	is_array(input.cost.unpriced)
	is_string(input.cost.price_source)
}

# One flat body: this runs over every planned resource.
_resources := [1 |
	some resource in input.resources
	is_string(resource.address)
	is_string(resource.type)
	_taggable[resource.taggable]
	_maybe_list(resource.budgets)
	every dimension in input.required {
		_owner(resource.owners[dimension])
	}
]

_taggable := {"yes": true, "no": true, "unknown": true}

_workload(workload) if {
	is_string(workload.address)
	is_string(workload.type)
	is_object(workload.owners)
	is_array(workload.lost_labels)
	every container in _list(workload.containers) {
		is_string(container.name)
		is_array(container.requests)
	}
}

_owner(owner) if {
	owner.state == "present"
	is_string(owner.key)
	is_string(owner.value)
}

_owner(owner) if owner.state in {"missing", "unknown"}

_maybe_list(null)

_maybe_list(value) if is_array(value)

_budget(budget) if {
	is_string(budget.id)
	is_string(budget.period)
	is_string(budget.currency)
	budget.mode in {"hard", "soft"}
	is_boolean(budget.out_of_tolerance)
	every name in ["amount_micros", "reserved_micros", "p_limit_millionths", "coverage_min_millionths"] {
		is_number(budget[name])
	}
	every name in ["actual_micros", "delta_micros", "max_delta_micros", "p_breach_millionths", "data_age_hours"] {
		_maybe_number(budget[name])
	}
}

_maybe_number(null)

_maybe_number(value) if is_number(value)
