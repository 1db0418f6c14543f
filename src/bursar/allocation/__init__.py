"""Whose cost is it: owner rules, shared costs and unit costs, from FOCUS lines to marts."""
