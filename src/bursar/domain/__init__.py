"""Values and errors of the trade. Standard library only, no I/O."""
