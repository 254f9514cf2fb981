"""Pages of the stage gates: the board, one product at one stage, and what may be done there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design.access import product_for, require_engineer
from karkhana.design.models.stages import SEVERITIES
from karkhana.design.pages.approving import read_approval_form
from karkhana.design.stages import GATES, STAGES
from karkhana.design.stages import operations as gates
from karkhana.design.stages.rules import Criteria
from karkhana.floor.stages import articles, operations, queries
from karkhana.kernel.refusals import Refusal, Refused


@never_cache
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Show where each product stands."""
    context = {"rows": queries.board(request.user, timezone.now()), "stages": STAGES}
    return render(request, "floor/stages/board.html", context)


@never_cache
@require_safe
def stage(request: HttpRequest, product: str) -> HttpResponse:
    """Show one product at one stage: what is asked for, what there is, and what may be done."""
    return _page(request, product, request.GET.get("stage", ""), None)


def _page(request: HttpRequest, product: str, wanted: str, refusal: Refusal | None) -> HttpResponse:
    try:
        found = product_for(request.user, product)
    except Refused as refused:
        raise Http404(refused.refusal.message) from refused
    chosen = wanted if wanted in STAGES else None
    context = {
        "view": queries.stage_view(found, chosen, request.user, timezone.now()),
        "severities": SEVERITIES,
        "refusal": refusal.as_dict() if refusal else None,
        "said": request.POST,
        "today": timezone.localdate(),
    }
    return render(request, "floor/stages/stage.html", context, status=422 if refusal else 200)


def _act(request: HttpRequest, product: str, act: Callable[[str], object]) -> HttpResponse:
    """Do something at the stage that a form names and go back to it; a refusal is shown in its place."""
    wanted = request.POST.get("stage", request.GET.get("stage", ""))[:20]
    try:
        product_for(request.user, product)
        act(wanted)
    except Refused as refused:
        return _page(request, product, wanted, refused.refusal)
    return redirect(f"{reverse('stage', args=[product])}?stage={wanted if wanted in STAGES else ''}")


@never_cache
@require_POST
def request_gate(request: HttpRequest, product: str) -> HttpResponse:
    """Ask for a gate."""
    return _act(request, product, lambda stage: operations.request_gate(
        product_code=product, revision_code=request.POST.get("revision", "")[:40], stage=stage,
        user=request.user, now=timezone.now(),
    ))  # fmt: skip


@never_cache
@require_POST
def approve(request: HttpRequest, product: str) -> HttpResponse:
    """Sign the evidence of a gate."""
    form = read_approval_form(request)
    return _act(request, product, lambda stage: operations.approve_gate(
        product_code=product, stage=stage, user=request.user,
        now=timezone.now(), **form.arguments(),
    ))  # fmt: skip


@never_cache
@require_POST
def pass_gate(request: HttpRequest, product: str) -> HttpResponse:
    """Let the product through."""
    return _act(request, product, lambda stage: operations.pass_gate(
        product_code=product, stage=stage, user=request.user, now=timezone.now()
    ))  # fmt: skip


@never_cache
@require_POST
def withdraw(request: HttpRequest, product: str) -> HttpResponse:
    """Take a request back."""
    return _act(request, product, lambda stage: operations.withdraw_request(
        product_code=product, stage=stage, reason=request.POST.get("reason", ""), user=request.user,
        now=timezone.now(),
    ))  # fmt: skip


@never_cache
@require_POST
def revoke(request: HttpRequest, product: str) -> HttpResponse:
    """Take a gate back."""
    return _act(request, product, lambda stage: gates.revoke_gate(
        product_code=product, stage=stage, reason=request.POST.get("reason", ""), user=request.user,
        now=timezone.now(),
    ))  # fmt: skip


@never_cache
@require_POST
def adopt(request: HttpRequest, product: str) -> HttpResponse:
    """Say that the product was through this gate, and those before it, before this record began."""

    def act(stage: str) -> None:
        gates.check_stage(stage, GATES)
        gates.adopt_stage(
            product_code=product, stages=GATES[: GATES.index(stage) + 1], user=request.user,
            reason=request.POST.get("reason", ""), now=timezone.now(),
        )  # fmt: skip

    return _act(request, product, act)


@never_cache
@require_POST
def open_issue(request: HttpRequest, product: str) -> HttpResponse:
    """Write an issue down."""
    said = request.POST
    return _act(request, product, lambda stage: gates.open_issue(
        product_code=product, revision_code=said.get("revision", "")[:40], stage=stage,
        severity=said.get("severity", ""), title=said.get("title", ""), owner=said.get("owner", ""),
        due_on=gates.read_date(said.get("due_on", "")), user=request.user, now=timezone.now(),
    ))  # fmt: skip


@never_cache
@require_POST
def close_issue(request: HttpRequest, product: str) -> HttpResponse:
    """Close an issue with what was done."""
    said = request.POST
    return _act(request, product, lambda _: gates.close_issue(
        product_code=product, number=gates.read_number(said.get("number", ""), "number"),
        resolution=said.get("resolution", ""), user=request.user, now=timezone.now(),
    ))  # fmt: skip


@never_cache
@require_POST
def set_criteria(request: HttpRequest, product: str) -> HttpResponse:
    """Ask more of the product than its kind."""

    def act(stage: str) -> None:
        require_engineer(request.user)
        gates.set_criteria(product_code=product, stage=stage, own=_criteria(request.POST))

    return _act(request, product, act)


def _criteria(said: Any) -> Criteria:
    def number(name: str) -> int | None:
        text = said.get(name, "").strip()
        return gates.read_number(text, name.replace("_", " ")) if text else None

    limits = {severity: number(f"issues_{severity}") for severity in SEVERITIES}
    documents = [kind.strip() for kind in said.get("documents", "")[:500].split(",")]
    return Criteria(
        units=number("units") or 0,
        first_pass_per_mille=number("first_pass"),
        rolled_per_mille=number("rolled"),
        open_issues={severity: limit for severity, limit in limits.items() if limit is not None},  # type: ignore[misc]
        first_article=bool(said.get("first_article")),
        compliance=bool(said.get("compliance")),
        documents=tuple(kind for kind in documents if kind),
        firmware=bool(said.get("firmware")),
        reliability_hours=number("reliability") or 0,
    )


@never_cache
@require_POST
def add_run(request: HttpRequest, product: str) -> HttpResponse:
    """Record a reliability run."""
    said = request.POST
    return _act(request, product, lambda stage: articles.record_run(
        product_code=product, revision_code=said.get("revision", "")[:40], stage=stage,
        name=said.get("name", ""), units=gates.read_number(said.get("units", ""), "units"),
        unit_hours=articles.read_amount(said.get("unit_hours", ""), 1, "unit-hours") or Decimal(0),
        failures=gates.read_number(said.get("failures", ""), "failures"), report=said.get("report", ""),
        user=request.user, now=timezone.now(),
    ))  # fmt: skip
