"""Measurements, side by side with their anchors, in one run: `make bench`. Results are told in docs/benchmarks.md."""
