"""The id of the request being served, in every log line. Imports no Django: logging is set up before it."""

from __future__ import annotations

import logging
from contextvars import ContextVar

current_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdFilter(logging.Filter):
    """Puts the id of the request being served into each log line, ``-`` outside of one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add ``request_id`` to the record and keep it."""
        record.request_id = current_id.get()
        return True
