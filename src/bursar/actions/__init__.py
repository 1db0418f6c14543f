"""Plan, approve, apply: nothing in a cloud changes but by an approved plan."""
