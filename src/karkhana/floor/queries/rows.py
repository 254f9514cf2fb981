"""One way to run a read and to stop it when it was asked too wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import OperationalError, connection, transaction

from karkhana.kernel.refusals import refuse

#: A list page that needs longer than this was asked without a filter that the record has an index for.
LIST_MS = 5_000
_CANCELLED = "57014"
Parameters = Sequence[Any] | Mapping[str, Any]


def fetch(sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run a read and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def fetch_bounded(sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run a read that a person may have asked too wide.

    Raises:
        Refused: ``list.too_wide`` when it takes longer than ``LIST_MS``.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(LIST_MS)])
            cursor.execute(sql, parameters)
            return cursor.fetchall()
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) != _CANCELLED:
            raise
        raise refuse(
            "list.too_wide",
            "Finding these would take longer than {seconds} seconds.",
            "Narrow the list: name a station, a product or a shorter time.",
            seconds=LIST_MS // 1000,
        ) from problem
