"""The API of revisions: their content, changes of drafts, review, approval, release, end."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import File, Path, Query, Router
from ninja.files import UploadedFile

from karkhana.design import operations
from karkhana.design.access import require_engineer, revision_for, visible_products
from karkhana.design.approvals.queries import given_for
from karkhana.design.approvals.rules import standing
from karkhana.design.bill import line_digest
from karkhana.design.bom import read_bom
from karkhana.design.bom_queries import BomWanted, bom_page, exploded, items_of
from karkhana.design.http.products import state_of
from karkhana.design.http.shapes import (
    BomOut,
    BomQuery,
    Code,
    EndIn,
    ExplodedOut,
    ExplodedQuery,
    LineOut,
    PlanIn,
    RevisionApprovalIn,
    RevisionOut,
    RevisionStandingOut,
    SeenQuery,
    StateOut,
    body_of,
    read_body,
    sent,
)
from karkhana.design.models import Revision
from karkhana.design.pages.imports import read_upload
from karkhana.design.plan import Problem
from karkhana.design.queries import compiled, revision_subject
from karkhana.design.release import BomItem, encode_package, package_hash
from karkhana.design.route_queries import shown_plan
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS

router = Router(tags=["design"])
ONE = "/products/{code:product}/revisions/{code:revision}"


@router.get(ONE, response={200: RevisionOut, **ERRORS}, summary="One revision in full")
def get_revision(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> HttpResponse:
    """Tell a revision with plan, bill, content hash and, of a draft, what keeps it from being released."""
    found = revision_for(request.user, product, revision)
    items = items_of(found)
    content_hash = found.package_hash or found.review_hash
    problems: tuple[Problem, ...] = ()
    if found.package is None:
        package, _, problems = compiled(found, items)
        content_hash = content_hash or package_hash(encode_package(package))
    return sent(
        {
            "product": found.product.code,
            "revision": found.code,
            "brand": found.product.brand.code,
            "segment": found.product.segment,
            "state": found.state,
            "base": (found.base.product.code, found.base.code) if found.base else None,
            "content_hash": content_hash,
            "plan_version": found.plan_version,
            "plan": shown_plan(found),
            "items": items,
            "seen": {str(item.number): line_digest(item) for item in items},
            "problems": problems,
        }
    )


@router.get(f"{ONE}/bom", response={200: BomOut, **ERRORS}, summary="Lines of a bill, searched")
def get_bom(
    request: HttpRequest, product: Path[Code], revision: Path[Code], wanted: Query[BomQuery]
) -> HttpResponse:
    """Tell the lines that fit. ``q`` is words of part, maker, value, package, text, or whole designators."""
    asked = wanted.dict()
    after = asked.pop("after")
    looked_for = BomWanted(text=asked.pop("q"), **asked)
    page = bom_page(revision_for(request.user, product, revision), looked_for, after=after)
    return sent(
        {
            "items": [row.item for row in page.rows],
            "total": page.total,
            "matched": page.matched,
            "placements": page.placements,
            "changed": [row.item.number for row in page.rows if row.changed],
            "against": page.against,
            "after": page.after,
        }
    )


@router.get(f"{ONE}/exploded", response={200: ExplodedOut, **ERRORS}, summary="A bill through all levels")
def get_exploded(
    request: HttpRequest, product: Path[Code], revision: Path[Code], wanted: Query[ExplodedQuery]
) -> HttpResponse:
    """Tell the lines of the bill and of its sub-assemblies, with pieces in a finished unit."""
    found = revision_for(request.user, product, revision)
    visible = frozenset(visible_products(request.user).values_list("code", flat=True))
    view = exploded(found, visible, after=max(wanted.after, 0))
    nodes = [
        {
            "path": node.path,
            "line": node.item.number,
            "part": node.item.part,
            "assembly": node.item.assembly,
            "quantity": format(node.item.quantity, "f"),
            "total": format(node.total, "f"),
        }
        for node in view.nodes
    ]
    return sent({"nodes": nodes, "count": view.count, "after": view.after})


@router.post(f"{ONE}/bom", response={200: StateOut, **ERRORS}, summary="Import a bill")
def post_bom(
    request: HttpRequest, product: Path[Code], revision: Path[Code], file: File[UploadedFile]
) -> object:
    """Put the bill of a file into a draft, in place of its lines."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    name, data = read_upload(file)
    report = read_bom(data, file_name=name)
    return state_of(operations.import_bom(report=report, **_name(found), now=timezone.now()))


@router.put(
    f"{ONE}/plan",
    response={200: StateOut, **ERRORS},
    summary="Store a draft's plan",
    openapi_extra=body_of("PlanIn"),
)
def put_plan(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> object:
    """Store everything of a draft but its bill. What is wrong with it is told by the revision's problems."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    body = read_body(request, PlanIn)
    return state_of(operations.save_plan(**_name(found), plan=body.plan, version=body.version))


@router.put(
    f"{ONE}/lines/{{number}}",
    response={200: LineOut, **ERRORS},
    summary="Store a line of a draft's bill",
    openapi_extra=body_of("BomItem"),
)
def put_line(
    request: HttpRequest,
    product: Path[Code],
    revision: Path[Code],
    number: Path[int],
    looked_at: Query[SeenQuery],
) -> HttpResponse:
    """Put a line in place of the one with its number. ``seen`` is the digest of the line that was looked at,
    empty for a new one; without it whatever is there is overwritten."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    item = read_body(request, BomItem)
    if item.number != number:
        raise refuse(
            "bom.line_number",
            "Line {number} cannot become line {other}.",
            "Drop the line and add one with the other number.",
            number=number,
            other=item.number,
        )
    stored = operations.save_line(**_name(found), item=item, seen=looked_at.seen)
    return sent({"item": stored, "seen": line_digest(stored)})


@router.delete(f"{ONE}/lines/{{number}}", response={200: StateOut, **ERRORS}, summary="Drop a line")
def delete_line(
    request: HttpRequest,
    product: Path[Code],
    revision: Path[Code],
    number: Path[int],
    looked_at: Query[SeenQuery],
) -> object:
    """Take a line out of a draft's bill."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    operations.drop_line(**_name(found), number=number, seen=looked_at.seen)
    return state_of(found)


@router.post(f"{ONE}/submit", response={200: StateOut, **ERRORS}, summary="Submit a draft for review")
def post_submit(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> object:
    """Put a draft into review: what is approved is its content as of now."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    return state_of(operations.submit_revision(**_name(found), user=request.user, now=timezone.now()))


@router.post(f"{ONE}/return", response={200: StateOut, **ERRORS}, summary="Take a revision back to draft")
def post_return(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> object:
    """Take a revision out of review; approvals that were given of it do not count any more."""
    require_engineer(request.user)
    return state_of(operations.return_to_draft(**_name(revision_for(request.user, product, revision))))


@router.get(f"{ONE}/approvals", response={200: RevisionStandingOut, **ERRORS}, summary="Who has approved")
def get_approvals(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> object:
    """Tell who must approve what is in review (or was released), and what each has said."""
    return _standing(revision_for(request.user, product, revision))


@router.post(f"{ONE}/approvals", response={200: RevisionStandingOut, **ERRORS}, summary="Approve or reject")
def post_approval(
    request: HttpRequest, product: Path[Code], revision: Path[Code], body: RevisionApprovalIn
) -> object:
    """Sign a revision in review, with the passphrase of a key kept here or a signature made elsewhere."""
    found = revision_for(request.user, product, revision)
    words = {"stated_hash": body.stated_hash, "decision": body.decision, "comment": body.comment}
    if body.public_key or body.signature or body.signed_at:
        if body.signed_at is None:
            raise refuse(
                "approval.time",
                "The time inside the statement is missing.",
                "Send signed_at, public_key and signature together.",
            )
        operations.approve_revision_signed(
            **_name(found), **words, public_key=body.public_key, signature=body.signature,
            signed_at=body.signed_at, now=timezone.now(),
        )  # fmt: skip
    else:
        operations.approve_revision(
            **_name(found), **words, user=request.user, passphrase=body.passphrase, now=timezone.now()
        )
    return _standing(found)


@router.post(f"{ONE}/release", response={200: StateOut, **ERRORS}, summary="Release a reviewed revision")
def post_release(request: HttpRequest, product: Path[Code], revision: Path[Code]) -> object:
    """Release a revision that is in review and that everybody has approved. It never changes again."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    return state_of(operations.release_reviewed(**_name(found), now=timezone.now()))


@router.post(f"{ONE}/end", response={200: StateOut, **ERRORS}, summary="Supersede a revision, or end it")
def post_end(request: HttpRequest, product: Path[Code], revision: Path[Code], body: EndIn) -> object:
    """Mark a released revision as superseded or obsolete. There is no way back."""
    require_engineer(request.user)
    found = revision_for(request.user, product, revision)
    return state_of(operations.end_revision(**_name(found), state=body.state, now=timezone.now()))


def _name(found: Revision) -> dict[str, Any]:
    return {"product_code": found.product.code, "revision_code": found.code}


def _standing(found: Revision) -> dict[str, Any]:
    subject = revision_subject(found, timezone.now().date())
    now = standing(subject, given_for(subject.kind, subject.name))
    return {
        "content_hash": subject.content_hash,
        "required": sorted(subject.required),
        "approved": sorted(now.approved),
        "rejected": sorted(now.rejected),
        "missing": sorted(now.missing),
    }
