"""Where people are told: a console that keeps what it said, and Slack."""
