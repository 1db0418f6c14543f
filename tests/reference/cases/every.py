"""The hand-written cases of every format."""

from __future__ import annotations

from tests.reference.case import Case
from tests.reference.cases import aws, azure, gcp

CASES: list[Case] = [*aws.CASES, *gcp.CASES, *azure.CASES]
