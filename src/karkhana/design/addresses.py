"""Codes in addresses: a product or revision code may hold a slash, a path segment may not.

Escaped as in JSON pointers (RFC 6901): ``~1`` is a slash and ``~0`` a tilde. A code of nothing but dots,
that a browser would take for a folder, begins with ``~2``.
"""

from __future__ import annotations

from django.urls import register_converter


class CodeConverter:
    """One path segment that is a code."""

    regex = r"[^/\x00-\x1f\x7f]+"

    def to_python(self, value: str) -> str:
        """Return the code that a segment stands for."""
        return value.removeprefix("~2").replace("~1", "/").replace("~0", "~")

    def to_url(self, value: str) -> str:
        """Return the segment of a code."""
        escaped = str(value).replace("~", "~0").replace("/", "~1")
        return escaped if escaped.strip(".") else f"~2{escaped}"


register_converter(CodeConverter, "code")
