"""Whose is it, is it excepted, was it said already: incidents and budget alerts become messages in the outbox."""
