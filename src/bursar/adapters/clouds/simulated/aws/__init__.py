"""AWS: the acme organisation on CUR 2.0, and an acquired one still on the legacy report."""
