"""Documents of a draft: files that are stored by their content and named in the plan."""

from __future__ import annotations

import datetime as dt
import hashlib
import re

import msgspec
from django.db import transaction

from karkhana.design.models import StoredFile
from karkhana.design.operations.revisions import draft_for_update, save_plan
from karkhana.design.queries import stored_plan
from karkhana.design.release import Document
from karkhana.design.storable import check_text
from karkhana.kernel.refusals import refuse

FILE_MAX = 32 * 1024 * 1024
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,58}")


@transaction.atomic
def add_document(
    *,
    product_code: str,
    revision_code: str,
    name: str,
    kind: str,
    content: bytes | None,
    media_type: str,
    version: int | None,
    now: dt.datetime,
) -> Document:
    """Store a file and name it in a draft's documents, in place of one of the same name.

    Args:
        content: None when none came, or more than ``FILE_MAX`` bytes.
        version: as in ``save_plan``.

    Raises:
        Refused: ``document.file``, ``text.value``, ``release.immutable``, ``revision.*``, ``plan.changed``.
    """
    if not content:
        raise refuse(
            "document.file",
            "No file came, an empty one, or one above {limit} MB.",
            "Choose a file of at most {limit} MB.",
            limit=FILE_MAX // 1048576,
        )
    check_text("document name", name, 200)
    check_text("kind of document", kind, 80, blank=True)
    revision = draft_for_update(product_code, revision_code)
    sha256 = hashlib.sha256(content).hexdigest()
    StoredFile.objects.get_or_create(
        sha256=sha256,
        defaults={
            "size": len(content),
            "media_type": media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream",
            "content": content,
            "stored_at": now,
        },
    )
    document = Document(name=name, kind=kind, sha256=sha256, size=len(content))
    plan = stored_plan(revision)
    others = tuple(one for one in plan.documents if one.name != name)
    save_plan(
        product_code=product_code,
        revision_code=revision_code,
        plan=msgspec.structs.replace(plan, documents=(*others, document)),
        version=version,
    )
    return document
