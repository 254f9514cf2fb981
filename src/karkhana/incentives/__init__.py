"""Incentive schemes as dated data, and the formulae that read them.

Owns what a scheme pays for given amounts, why, and on which figures that rests. It does not own local value
(``localisation``), the record of what was sold, or claims, which will call :func:`computing.compute` per
company and year. ``schemes/*.toml`` holds the figures, ``rules/`` the formulae (pure), ``loading`` checks the
files, ``inputs`` checks what somebody asks. There are no tables.
"""
