"""The route of a revision: steps as blocks in the order in which they are walked, edited one by one."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from karkhana.design import operations
from karkhana.design.compiling import CLASSES
from karkhana.design.families import FAMILIES
from karkhana.design.models import Revision
from karkhana.design.pages import fields
from karkhana.design.pages.frame import answer, found_revision, revision_context
from karkhana.design.pages.step_form import PARTS, PASSED_BY, StepDraft, step_draft, step_from
from karkhana.design.plan import Plan
from karkhana.design.plan_edits import drop_step, insert_step, move_step, put_step, renumber, step_at
from karkhana.design.route_queries import route_view, shown_plan
from karkhana.kernel.refusals import Refusal, Refused, refuse


def route_tab(request: HttpRequest, revision: Revision, refusal: Refusal | None = None) -> HttpResponse:
    """Show the route; a step beside it when the address names one."""
    context = _route_context(request, revision)
    step = fields.text(request.GET, "step", 6)
    if step.isascii() and step.isdigit() and int(step) < len(context["plan"].steps):
        context |= _step_context(context["plan"], int(step))
    return answer(request, "design/revision_route.html", context, refusal)


def _route_context(request: HttpRequest, revision: Revision) -> dict[str, Any]:
    return revision_context(request, revision, "route") | {
        "view": route_view(revision),
        "plan": shown_plan(revision),
        "version": revision.plan_version,
        "families": FAMILIES,
    }


def _step_context(plan: Plan, place: int) -> dict[str, Any]:
    step = plan.steps[place]
    return {"place": place, "step": step, "draft": step_draft(step), **_choices(plan)}


def _choices(plan: Plan) -> dict[str, Any]:
    return {
        "passed_by": PASSED_BY,
        "classes": CLASSES,
        "parts_word": PARTS,
        "kinds": [rule.kind for rule in plan.identities],
        "targets": list(dict.fromkeys(rule.target for rule in plan.firmware)),
        "station_types": sorted({step.station_type for step in plan.steps if step.station_type}),
        "others": [step.number for step in plan.steps],
    }


@never_cache
@require_safe
def route_step(request: HttpRequest, product: str, revision: str, place: int) -> HttpResponse:
    """Show one step: to read, or in a draft to edit."""
    found = found_revision(request, product, revision)
    plan = shown_plan(found)
    if place >= len(plan.steps):
        raise Http404(gettext("The route has no such step."))
    if not getattr(request, "htmx", False):
        tab = reverse("design-revision-tab", args=[found.product.code, found.code, "route"])
        return redirect(f"{tab}?step={place}#panel")
    context = revision_context(request, found, "route") | {"version": found.plan_version}
    return render(request, "design/parts/route_step.html", context | _step_context(plan, place))


@never_cache
@require_POST
def route_edit(request: HttpRequest, product: str, revision: str) -> HttpResponse:
    """Change the route. ``do`` says what: ``save:PLACE``, ``after:PLACE``, ``drop:PLACE``,
    ``move:PLACE:TO``, ``first`` or ``renumber``."""
    found = found_revision(request, product, revision)
    action, *places = fields.text(request.POST, "do", 40).split(":")
    try:
        plan, focus = _changed(request, shown_plan(found), action, places)
        operations.save_plan(
            product_code=found.product.code,
            revision_code=found.code,
            plan=plan,
            version=fields.version(request),
        )
    except Refused as refused:
        return _refused(request, found, action, places, refused.refusal)
    return _done(request, product, revision, focus, opens=action in ("save", "first", "after"))


def _changed(request: HttpRequest, plan: Plan, action: str, places: list[str]) -> tuple[Plan, int | None]:
    """Return the changed plan and the place of the step to look at then.

    Raises:
        Refused: ``plan.action``, ``plan.step_unknown``, ``plan.field``.
    """
    where = [fields.whole(place, "place") for place in places]
    match action, where:
        case "first", []:
            return insert_step(plan, None)
        case "renumber", []:
            return renumber(plan), None
        case "after", [place]:
            return insert_step(plan, place)
        case "drop", [place]:
            return drop_step(plan, place), None
        case "move", [place, to]:
            return move_step(plan, place, to), max(0, min(to, len(plan.steps) - 1))
        case "save", [place]:
            step = step_at(plan, place)
            return put_step(plan, place, step_from(StepDraft.sent(request.POST), step)), place
    raise refuse(
        "plan.action",
        "{action} is nothing that can be done with a route.",
        "Use a button of the page.",
        action=repr(action),
    )


def _done(
    request: HttpRequest, product: str, revision: str, focus: int | None, *, opens: bool
) -> HttpResponse:
    if not getattr(request, "htmx", False):
        tab = reverse("design-revision-tab", args=[product, revision, "route"])
        return redirect(tab if focus is None else f"{tab}?step={focus}#step-{focus}")
    found = found_revision(request, product, revision)
    context = _route_context(request, found) | {"focus": focus, "opens": opens}
    if focus is not None:
        context |= _step_context(context["plan"], focus)
    return render(request, "design/parts/route_changed.html", context)


def _refused(
    request: HttpRequest, found: Revision, action: str, places: list[str], refusal: Refusal
) -> HttpResponse:
    """Show the refusal in the step's form as it was filled in, or above the route."""
    context = _route_context(request, found)
    plan = context["plan"]
    place = places[0] if places else ""
    if action == "save" and place.isascii() and place.isdigit() and int(place) < len(plan.steps):
        # The version of the form stays what it was: sending it again after "plan.changed" must not overwrite.
        context |= {
            "place": int(place),
            "step": plan.steps[int(place)],
            "draft": StepDraft.sent(request.POST),
            "version": fields.text(request.POST, "version", 12),
            **_choices(plan),
        }
        if getattr(request, "htmx", False):
            return answer(request, "design/parts/route_step_alone.html", context, refusal)
    if getattr(request, "htmx", False):
        return answer(request, "design/parts/route_changed.html", context | {"opens": False}, refusal)
    return answer(request, "design/revision_route.html", context, refusal)
