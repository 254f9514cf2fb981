"""Full-match regular expressions from data files, compiled once."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def matches(pattern: str, text: str) -> bool:
    """Say whether the whole text matches the pattern.

    Raises:
        re.error: the pattern is no regular expression; released ones were checked.
    """
    return _compiled(pattern).fullmatch(text) is not None
