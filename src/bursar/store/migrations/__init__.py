"""Alembic migrations: the tables of `schema.py`, step by step."""
