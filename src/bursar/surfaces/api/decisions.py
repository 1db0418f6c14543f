"""Anomalies and plans over HTTP: what was found, what could be done, and the word of a verified key. The worker applies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bursar.surfaces import incidents
from bursar.surfaces.api import models
from bursar.surfaces.api.decided import decided
from bursar.surfaces.api.desk import Desk
from bursar.surfaces.api.openapi import ERRORS, told
from bursar.surfaces.api.parameters import AnomalyParameters, Feedback, Parameters, Word
from bursar.surfaces.api.replies import body_of
from bursar.surfaces.api.rights import Analyst, Approver, Operator, Reader
from bursar.surfaces.plans import plans as plans_of

router = APIRouter(tags=["decisions"], responses=ERRORS)


@router.get("/anomalies", operation_id="getAnomalies", responses=told("Anomalies"))
def get_anomalies(request: Request, desk: Reader, given: Annotated[AnomalyParameters, Query()]) -> Response:
    """Every anomaly, newest first, with its causes."""
    return decided(request, desk, given, ("anomalies", given.status or ""), lambda: incidents.anomalies(desk.incidents(given.status)))


@router.get("/anomalies/{ident}", operation_id="getAnomaly", responses=told("Anomaly"))
def get_anomaly(request: Request, desk: Reader, ident: str, given: Annotated[Parameters, Query()]) -> Response:
    """One anomaly with its days, what was folded into it, and every rule that decided."""
    return decided(request, desk, given, ("anomaly", ident), lambda: incidents.anomaly_listing(desk.incident(ident)))


@router.post("/anomalies/{ident}/feedback", operation_id="giveFeedback", responses=told("Anomaly"))
def give_feedback(desk: Analyst, ident: str, said: Feedback) -> Response:
    """Say what an anomaly was; the detector learns from it. Answers with how it stands then."""
    found = desk.answer(ident, said.verdict, first=said.first, last=said.last, note=said.note)
    return Response(body_of(incidents.anomaly_listing(found), "json"), media_type="application/json")


@router.get("/plans", operation_id="getPlans", responses=told("Plans"))
def get_plans(request: Request, desk: Reader, given: Annotated[Parameters, Query()]) -> Response:
    """Every plan, newest first, with its approvals and its changes in the order they are applied."""
    return decided(request, desk, given, ("plans",), lambda: plans_of(desk.plans()))


@router.get("/plans/{digest}", operation_id="getPlan", responses=told("Plans"))
def get_plan(request: Request, desk: Reader, digest: str, given: Annotated[Parameters, Query()]) -> Response:
    """One plan by its whole digest, as a list of one."""
    return decided(request, desk, given, ("plan", digest), lambda: plans_of([desk.plan(digest)]))


@router.post("/plans/{digest}/approve", operation_id="approvePlan")
def approve_plan(desk: Approver, digest: str, word: Word) -> models.Agreed:
    """Approve exactly this plan, as the key's name. Its maker may not; an approval lives for a day and counts for one apply."""
    return _agreed(desk, digest, word, verdict="approve")


@router.post("/plans/{digest}/reject", operation_id="rejectPlan")
def reject_plan(desk: Approver, digest: str, word: Word) -> models.Agreed:
    """Close this plan for good, as the key's name."""
    return _agreed(desk, digest, word, verdict="reject")


@router.post("/plans/{digest}/apply", operation_id="requestApply", status_code=202, responses=told("Plans", status=202))
def request_apply(desk: Operator, digest: str) -> Response:
    """Ask for an approved plan to be applied. The worker carries it out, after every guard; answers with the plan as it waits."""
    return Response(body_of(plans_of([desk.request(digest)]), "json"), media_type="application/json", status_code=202)


@router.post("/plans/{digest}/undo", operation_id="proposeUndo", status_code=201, responses=told("Plans", status=201))
def propose_undo(desk: Operator, digest: str) -> Response:
    """Propose the plan that takes an applied one back, as the key's name. It needs approval as any other; answers with it."""
    return Response(body_of(plans_of([desk.undo(digest)]), "json"), media_type="application/json", status_code=201)


def _agreed(desk: Desk, digest: str, word: Word, *, verdict: str) -> models.Agreed:
    said = desk.approve(digest, word.reason) if verdict == "approve" else desk.reject(digest, word.reason)
    return models.Agreed(digest=said.digest, status=said.status, given=said.given, needed=said.needed)
