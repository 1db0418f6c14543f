"""The hand-written cases of every format."""

from __future__ import annotations

from reference.case import Case
from reference.cases import aws, azure, focus, gcp

CASES: list[Case] = [*aws.CASES, *gcp.CASES, *azure.CASES, *focus.CASES]
