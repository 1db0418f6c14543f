"""What was promised and what came of it, by RFC."""
