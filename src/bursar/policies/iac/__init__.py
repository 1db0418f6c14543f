"""Infrastructure as code, read: what a change would create, with tags that are there, missing or not known yet."""
