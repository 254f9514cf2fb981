"""Codes of products and revisions: what may be printed on a label."""

from __future__ import annotations

from karkhana.kernel.refusals import refuse


def check_code(what: str, code: str, limit: int) -> None:
    """Refuse codes that cannot be printed on a label: empty, too long, blanks around, control characters."""
    if 0 < len(code) <= limit and code == code.strip() and code.isprintable():
        return
    raise refuse(
        f"{what}.code",
        "{value} is no {what} code.",
        "Use 1 to {limit} printable characters without blanks around them.",
        value=repr(code[:60]),
        what=what,
        limit=limit,
    )
