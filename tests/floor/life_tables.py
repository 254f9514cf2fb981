"""The tables of test_life_gate: the gate and the life of lots (by name, see its set-ups)."""

from __future__ import annotations

from floor.workshop import PHONE_BORN

_RECEIVED = """
    07:00  DOCK-1  receive CAP-1 CAP 50000 SUP     accepted
    07:00  DOCK-1  receive CAP-2 CAP 50000 SUP     accepted
"""
LIVED = {
    "shelf life": _RECEIVED
    + """
        2026-06-15T18:29:00+00:00  SMT-1   load CAP-1 CAP on F1     accepted
        2026-06-15T18:30:00+00:00  SMT-2   load CAP-1 CAP on F1     lot.expired
        2026-06-15T18:30:00+00:00  SMT-2   load CAP-2 CAP on F1     accepted
    """,
    "shelf life of a key part": PHONE_BORN
    + """
        08:11  ASM-1   install U1 board=PCBA:B1 battery=BAT:b1 glue=GLUE::GLUE-1  lot.expired
        08:12  ASM-1   install U1 board=PCBA:B1 battery=BAT:b1 glue=GLUE::GLUE-2  lot.unknown
    """,
    "floor life from the first load": _RECEIVED
    + """
        2026-06-14T07:59:00+00:00  SMT-1   load CAP-1 CAP on F1     accepted
        2026-06-15T07:59:00+00:00  SMT-2   load CAP-1 CAP on F1     accepted
        2026-06-15T07:59:01+00:00  SMT-2   load CAP-1 CAP on F1     lot.floor_life
        2026-06-15T07:59:01+00:00  SMT-2   load CAP-2 CAP on F1     accepted
    """,
    "floor life inherited": _RECEIVED
    + """
        2026-06-14T07:00:00+00:00  SMT-1   load CAP-1 CAP on F1            accepted
        2026-06-14T17:00:00+00:00  DOCK-1  split lot:CAP-1:5 into lot:CAP-1A:CAP:2 lot:CAP-1B:CAP:3  accepted
        2026-06-14T18:00:00+00:00  SMT-2   load CAP-1A CAP on F1           accepted
        2026-06-15T07:00:01+00:00  SMT-2   load CAP-1A CAP on F1           lot.floor_life
        2026-06-15T07:00:01+00:00  SMT-2   load CAP-1B CAP on F1           lot.floor_life
    """,
    "bake first": _RECEIVED
    + """
        08:00  SMT-1   load CAP-1 CAP on F1     lot.bake_first
    """,
    "baked": _RECEIVED
    + """
        08:00  SMT-1   load CAP-1 CAP on F1     accepted
        14:00  SMT-2   load CAP-1 CAP on F1     accepted
        14:01  SMT-2   load CAP-1 CAP on F1     lot.floor_life
    """,
}
