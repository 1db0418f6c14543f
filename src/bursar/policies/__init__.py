"""Detect is done, decide: rules in Rego, budgets, prices of planned changes, and the gate that puts them together."""
