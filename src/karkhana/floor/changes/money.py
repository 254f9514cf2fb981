"""What a change costs and what it does to local value: told by a room above, which registers itself here.

The floor stands below the room that values revisions and may not use it. That room gives this one a function
when Django starts; without it, or where nothing is priced, the money of a change is not known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from karkhana.design.models import Revision

Teller = Callable[[Revision, Revision, dt.date], dict[str, Any]]
"""(old revision, new revision, day) to what is kept in an impact as ``money``; it raises nothing refused."""
_tellers: list[Teller] = []


def register_teller(teller: Teller) -> None:
    """Let a function tell the money of changes from now on; the latest one tells."""
    _tellers[:] = [teller]


def money_of(old: Revision, new: Revision, day: dt.date) -> dict[str, Any]:
    """Tell what a change costs, ``{"known": False}`` where nobody can."""
    return _tellers[0](old, new, day) if _tellers else {"known": False}
