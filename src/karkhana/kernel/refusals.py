"""A refusal: the world says no.

Owns the one shape in which karkhana says no to a person or a machine. It does not own the list of
codes: each room defines its refusals beside the rule that raises them. A *fault* (the program is
wrong) is an ordinary exception and never becomes a refusal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer "no", complete enough to act on.

    Args:
        code: stable and dotted, ``room_subject.reason`` such as ``route.step_skipped``; never reworded.
        message: one clear sentence in English with the values filled in.
        next_step: what the person should do now, one sentence.
        fields: the values behind the message, JSON-ready, so that a screen can say it in Hindi.
    """

    code: str
    message: str
    next_step: str
    fields: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form that the API, the command line and the record share."""
        return {
            "code": self.code,
            "message": self.message,
            "next_step": self.next_step,
            "fields": self.fields,
        }


class Refused(Exception):
    """Carries a refusal out of a single command; a batch returns refusals as values instead."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.message}")
        self.refusal = refusal


def refuse(code: str, message: str, next_step: str, **fields: Any) -> Refused:
    """Build the exception for a refusal, for ``raise refuse(...)``.

    The values in ``fields`` are filled into ``message`` and ``next_step`` with ``str.format``.
    """
    return Refused(Refusal(code, message.format(**fields), next_step.format(**fields), fields))
