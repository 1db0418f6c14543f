"""Engines that run our SQL."""
