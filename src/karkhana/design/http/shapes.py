"""What the API of products and revisions sends and takes.

Plans and lines are the types that the design room stores, decoded by msgspec; their schemas go into the
document through ``BODIES``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from ninja import Schema
from pydantic import StringConstraints

from karkhana.design.plan import Plan
from karkhana.design.release import BomItem
from karkhana.kernel.refusals import refuse

Code = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A code: bounded, without control characters. In an address ``~1`` is a slash, ``~0`` a tilde."""
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Body = TypeVar("Body")


class PlanIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A draft's plan. ``version`` is the ``plan_version`` it was made from; without, any is overwritten."""

    plan: Plan
    version: int | None = None


BODIES = (PlanIn, BomItem)
"""Types whose schemas the document refers to."""


class FamilyOut(Schema):
    """A template of a product family: how much it brings along."""

    family: str
    steps: int
    identities: int
    labels: int
    compliance: int


class ProductIn(Schema):
    """A new product with its first draft."""

    code: Code
    name: Words
    brand: Words = ""
    segment: Words
    revision: Code = "A"


class AgreementIn(Schema):
    """Under which agreement a product is developed (null: none), and who owns its design."""

    agreement: Words | None
    design_owner: Words


class RevisionIn(Schema):
    """A new draft: with a family's plan, as a copy, as a variant, or empty; at most one of the three."""

    revision: Code
    family: Words | None = None
    copy_of: tuple[Code, Code] | None = None
    variant_of: tuple[Code, Code] | None = None


class EndIn(Schema):
    """``superseded`` or ``obsolete``."""

    state: Words


class RevisionApprovalIn(Schema):
    """An approval: with the passphrase of a key kept here, or with a signature made elsewhere.

    ``signature`` is over the statement with the time ``signed_at`` (see the guide on signing), by
    ``public_key``; all three or the passphrase.
    """

    stated_hash: Words
    decision: Words = "approved"
    comment: str = ""
    passphrase: str = ""
    public_key: Words = ""
    signature: Words = ""
    signed_at: dt.datetime | None = None


class ProductsQuery(Schema):
    """What is looked for among products."""

    q: Words = ""
    brand: Words = ""
    segment: Words = ""
    state: Words = ""
    after: Words = ""


class BomQuery(Schema):
    """What is looked for in a bill; ``after`` is the number of the last line of the page before."""

    q: Words = ""
    not_fitted: bool = False
    alternates: bool = False
    mechanical: bool = False
    assemblies: bool = False
    changed: bool = False
    after: int = 0


class ExplodedQuery(Schema):
    """Where the page begins: ``after`` of the page before."""

    after: int = 0


class SeenQuery(Schema):
    """``seen`` of the line that was looked at, empty for a new one; without it whatever is there goes."""

    seen: Words | None = None


class RevisionRowOut(Schema):
    """A revision in a list. ``base`` is [product, revision] of what it is a variant of."""

    product: str
    code: str
    state: str
    base: tuple[str, str] | None
    content_hash: str
    lines: int
    created_at: dt.datetime | None
    submitted_at: dt.datetime | None
    submitted_by: str
    released_at: dt.datetime | None
    ended_at: dt.datetime | None


class ProductRowOut(Schema):
    """A product in a list: its current release and the revisions in work."""

    code: str
    name: str
    brand: str
    segment: str
    agreement: str
    released: RevisionRowOut | None
    open: list[RevisionRowOut]
    revisions: int


class ProductsOut(Schema):
    """Some products; ``after`` is to be sent to have those that follow, null at the end."""

    rows: list[ProductRowOut]
    after: str | None


class UseOut(Schema):
    """Where a product is used: a line of another's bill, or (line null) a key part of its route."""

    product: str
    revision: str
    state: str
    line: int | None


class ProductWholeOut(Schema):
    """A product with its revisions, the newest first."""

    code: str
    name: str
    brand: str
    segment: str
    agreement: str | None
    design_owner: str
    must_approve: list[str]
    revisions: list[RevisionRowOut]
    uses: list[UseOut]


class ProblemOut(Schema):
    """What keeps a draft from being released, and where."""

    place: str
    text: str


class RevisionOut(Schema):
    """A revision in full. ``content_hash`` of a draft is what it would be now.

    ``plan`` is a Plan, ``items`` are BomItems with their line digests in ``seen`` (see the lines' PUT).
    """

    product: str
    revision: str
    brand: str
    segment: str
    state: str
    base: tuple[str, str] | None
    content_hash: str
    plan_version: int
    plan: dict[str, Any]
    items: list[dict[str, Any]]
    seen: dict[str, str]
    problems: list[ProblemOut]


class StateOut(Schema):
    """What became of a revision. ``content_hash`` is null while it is a draft."""

    product: str
    revision: str
    state: str
    plan_version: int
    content_hash: str | None


class LineOut(Schema):
    """A line as stored; ``seen`` names its content and is to be sent with the next change of it."""

    item: dict[str, Any]
    seen: str


class BomOut(Schema):
    """Some lines of a bill; ``after`` is to be sent to have those that follow, null at the end.

    ``changed`` are the numbers of the lines that ``against`` (product and revision) does not have like this.
    """

    items: list[dict[str, Any]]
    total: int
    matched: int
    placements: int
    changed: list[int]
    against: tuple[str, str] | None
    after: int | None


class NodeOut(Schema):
    """A line seen from the top: ``path`` is the assemblies that it lies in, ``total`` pieces in a unit."""

    path: list[tuple[str, str]]
    line: int
    part: str
    assembly: tuple[str, str] | None
    quantity: str
    total: str


class ExplodedOut(Schema):
    """A bill through all its assemblies."""

    nodes: list[NodeOut]
    count: int
    after: int | None


class RevisionStandingOut(Schema):
    """How far the approvals of a content are, by party."""

    content_hash: str
    required: list[str]
    approved: list[str]
    rejected: list[str]
    missing: list[str]


def body_of(name: str) -> dict[str, Any]:
    """Return what the document says of a body that is decoded by msgspec."""
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def read_body(request: HttpRequest, kind: type[Body]) -> Body:
    """Read a body.

    Raises:
        Refused: ``request.malformed``, with the place inside the body.
    """
    try:
        return msgspec.json.decode(request.body, type=kind)
    except RawPostDataException:
        problem = "it was sent as a form"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = str(error)
    message, _, place = problem.partition(" - at `")
    raise refuse(
        "request.malformed",
        "The body cannot be read: {problem}.",
        "Correct it; see /api/docs.",
        problem=message[:300],
        place=place.rstrip("`").removeprefix("$.")[:100],
    )


def sent(value: Any, status: int = 200) -> HttpResponse:
    """Answer with JSON, several times faster than through a schema for large answers."""
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)
