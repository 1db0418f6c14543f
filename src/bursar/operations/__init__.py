"""Looking after the house itself."""
