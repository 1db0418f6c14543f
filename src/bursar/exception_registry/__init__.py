"""One registry of exceptions for pull requests, tags, anomalies and remediation: who allowed what, why, and until when.

From `exceptions.yaml` and from the store; both are told in the journal, and so is every use. What is expired, malformed, self-approved,
without an owner or over its cost cap does not apply, and is reported (BRS-EXC-001 to 006).
"""

from bursar.exception_registry.costs import cost_of
from bursar.exception_registry.grants import Grant
from bursar.exception_registry.registry import FINDINGS, Finding, Registry, grant, load, read_file, record_use, revoke, tell_file

__all__ = ["FINDINGS", "Finding", "Grant", "Registry", "cost_of", "grant", "load", "read_file", "record_use", "revoke", "tell_file"]
