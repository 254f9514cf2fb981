"""What every room's API answers share: how a refusal looks in the document."""

from __future__ import annotations

from typing import Any

from ninja import Schema


class RefusalOut(Schema):
    """A refusal: stable code, sentence, what to do next, and the values behind the sentence."""

    code: str
    message: str
    next_step: str
    fields: dict[str, Any]


class Refused(Schema):
    """The body of every answer that is not 2xx."""

    refusal: RefusalOut


ERRORS = {400: Refused, 401: Refused, 403: Refused, 404: Refused, 405: Refused, 413: Refused, 422: Refused}
