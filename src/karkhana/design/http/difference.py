"""The API of the difference between two bills of material: stored revisions, or files sent along."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Form, Query, Router
from ninja.files import UploadedFile
from pydantic import StringConstraints

from karkhana.design.comparing import difference_of, one_side
from karkhana.design.difference import compare
from karkhana.partners.answers import ERRORS

router = Router(tags=["design"])
Named = Annotated[str, StringConstraints(min_length=1, max_length=130, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""``PRODUCT:REV``: bounded, without control characters."""


@router.get("/diff", response={200: dict[str, Any], **ERRORS}, summary="What two revisions differ in")
def get_difference(request: HttpRequest, a: Query[Named], b: Query[Named]) -> dict[str, Any]:
    """Compare the stored bills of two revisions, each named ``PRODUCT:REV``, place by place.

    ``changed`` matters for what is built, ``information`` does not; ``not_compared`` names fields that only
    one side knows.
    """
    return difference_of(a, b, user=request.user).as_dict()


@router.post("/diff", response={200: dict[str, Any], **ERRORS}, summary="What files and revisions differ in")
def post_difference(
    request: HttpRequest,
    a: Form[Named | None] = None,
    b: Form[Named | None] = None,
    file_a: File[UploadedFile | None] = None,
    file_b: File[UploadedFile | None] = None,
) -> dict[str, Any]:
    """Compare as GET does, with a file in place of one revision or of both. Nothing is stored."""
    before = one_side("A", a, file_a, user=request.user)
    return compare(before, one_side("B", b, file_b, user=request.user)).as_dict()
