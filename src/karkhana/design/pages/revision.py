"""A revision: its overview with what keeps it from being released, its life, its history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design import operations
from karkhana.design.approvals.queries import approval_board
from karkhana.design.bom_queries import items_of, revision_before
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.models import Revision
from karkhana.design.models.product import DRAFT, OBSOLETE, SUPERSEDED
from karkhana.design.pages import fields
from karkhana.design.pages.approving import read_approval_form
from karkhana.design.pages.bill import bom_tab
from karkhana.design.pages.frame import answer, found_revision, revision_context
from karkhana.design.pages.route import route_tab
from karkhana.design.pages.tables import TABLES, table_tab
from karkhana.design.plan import Problem
from karkhana.design.product_queries import product_view
from karkhana.design.queries import compiled, revision_subject
from karkhana.design.release import encode_package, package_hash
from karkhana.design.route_queries import seconds, shown_plan
from karkhana.kernel.refusals import Refusal, Refused, refuse

PROBLEMS_SHOWN = 100


@never_cache
@require_safe
def revision(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Show the overview of a revision."""
    return overview(request, found_revision(request, product, revision))


@never_cache
@require_safe
def revision_tab(request: HttpRequest, product: str, revision: str, tab: str) -> HttpResponse:
    """Show one tab of a revision."""
    found = found_revision(request, product, revision)
    if tab == "bom":
        return bom_tab(request, found)
    if tab == "route":
        return route_tab(request, found)
    if tab == "history":
        return _history(request, found)
    if tab in TABLES:
        return table_tab(request, found, tab)
    raise Http404(gettext("There is no page %(page)s of a revision.") % {"page": tab})


def overview(request: HttpRequest, found: Revision, refusal: Refusal | None = None) -> HttpResponse:
    """Show state, content hash, problems and what can be done next."""
    plan, items = shown_plan(found), items_of(found)
    problems, draft_hash = _standing(found)
    before = revision_before(found)
    product = found.product
    context = revision_context(request, found, "overview") | {
        "problems": [(problem, _link(found, problem)) for problem in problems[:PROBLEMS_SHOWN]],
        "problem_count": len(problems),
        "plan": plan,
        "steps": len(plan.steps),
        "work_seconds": seconds(sum(max(step.cycle_time_ms, 0) for step in plan.steps)),
        "lines": len(items),
        "placements": sum(len(item.references) for item in items),
        "parts": len({item.part for item in items if item.part}),
        "open_compliance": sum(item.required and not item.certificate for item in plan.compliance),
        "before": before,
        "board": _board(request, found),
        "approve_url": reverse("design-approve", args=[product.code, found.code]),
        "families": FAMILIES,
        "draft_hash": draft_hash,
    }
    return answer(request, "design/revision.html", context, refusal)


def _standing(found: Revision) -> tuple[tuple[Problem, ...], str]:
    """Return what keeps a draft from being released, and the content hash that it would have now."""
    if found.state != DRAFT:
        return (), ""
    package, _, problems = compiled(found, items_of(found))
    return problems, package_hash(encode_package(package))


def _board(request: HttpRequest, found: Revision) -> Any:
    """Return the approvals of what is in review or released; a draft has nothing to approve yet."""
    if found.state == DRAFT:
        return None
    return approval_board(revision_subject(found, timezone.now().date()), request.user)


def _link(found: Revision, problem: Problem) -> str:
    """Return the address where a problem is corrected."""
    area, _, rest = problem.place.partition(".")
    page = (found.product.code, found.code)
    if area == "route":
        anchor = f"#number-{rest.removeprefix('step ')}" if rest else ""
        return reverse("design-revision-tab", args=[*page, "route"]) + anchor
    if area == "bom":
        number = rest.removeprefix("line ")
        part, _, said = problem.text.partition(" is on the bill")
        query = f"?line={number}#line-{number}" if rest else f"?q={quote(part)}" if said else ""
        return reverse("design-revision-tab", args=[*page, "bom"]) + query
    if area in TABLES:
        return reverse("design-revision-tab", args=[*page, area])
    return ""


def _history(request: HttpRequest, found: Revision) -> HttpResponse:
    view = product_view(request.user, found.product, timezone.now().date())
    row = next(row for row in view.revisions if row.code == found.code)
    report = found.import_report if isinstance(found.import_report, dict) else None
    board = _board(request, found)
    if board is None:
        board = approval_board(revision_subject(found, timezone.now().date()), request.user)
    context = revision_context(request, found, "history") | {
        "row": row,
        "report": report,
        "unparsed": (report or {}).get("unparsed", [])[:20],
        "mismatches": (report or {}).get("quantity_mismatches", [])[:20],
        "board": board,
        "approve_url": reverse("design-approve", args=[found.product.code, found.code]),
    }
    return answer(request, "design/revision_history.html", context)


@never_cache
@require_POST
def revision_act(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Submit, take back, release, end a revision, or give a draft its family's plan."""
    found = found_revision(request, product, revision)
    action = fields.text(request.POST, "action", 20)
    try:
        said = _act(request, found, action)
    except Refused as refused:
        return overview(request, found_revision(request, product, revision), refused.refusal)
    messages.success(request, said)
    return redirect("design-revision", found.product.code, found.code)


def _act(request: HttpRequest, found: Revision, action: str) -> str:
    now = timezone.now()
    name: dict[str, Any] = {"product_code": found.product.code, "revision_code": found.code}
    actions: dict[str, tuple[Callable[[], Any], str]] = {
        "submit": (
            lambda: operations.submit_revision(**name, user=request.user, now=now),
            gettext("Submitted for review."),
        ),
        "return": (lambda: operations.return_to_draft(**name), gettext("Back to draft.")),
        "release": (lambda: operations.release_reviewed(**name, now=now), gettext("Released.")),
        SUPERSEDED: (
            lambda: operations.end_revision(**name, state=SUPERSEDED, now=now),
            gettext("Marked as superseded."),
        ),
        OBSOLETE: (
            lambda: operations.end_revision(**name, state=OBSOLETE, now=now),
            gettext("Marked as obsolete."),
        ),
        "template": (lambda: _template(request, found), gettext("The family's plan is in place.")),
    }
    if action not in actions:
        raise refuse(
            "revision.action",
            "{action} is nothing that can be done with a revision.",
            "Use a button of the page.",
            action=repr(action),
        )
    do, said = actions[action]
    do()
    return said


def _template(request: HttpRequest, found: Revision) -> None:
    family = fields.text(request.POST, "family", 20)
    operations.save_plan(
        product_code=found.product.code,
        revision_code=found.code,
        plan=family_plan(family=family, product=found.product.code),
        version=fields.version(request),
    )


@never_cache
@require_POST
def revision_approve(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Sign a revision in review, for the party that the visitor signs for."""
    found = found_revision(request, product, revision)
    try:
        operations.approve_revision(
            product_code=found.product.code,
            revision_code=found.code,
            user=request.user,
            now=timezone.now(),
            **read_approval_form(request).arguments(),
        )
    except Refused as refused:
        return overview(request, found_revision(request, product, revision), refused.refusal)
    messages.success(request, gettext("Signed."))
    return redirect("design-revision", found.product.code, found.code)
