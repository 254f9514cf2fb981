"""The tables of test_change_gate: the gate under change orders and deviations (by name, see its set-ups)."""

from __future__ import annotations

from floor.workshop import BOARDS, LOADED, PHONE_BORN

CHANGED = {
    "by date": """
        2026-06-15T18:29:00+00:00  ASM-1  start U1 order WO-PHONE       accepted
        2026-06-15T18:29:00+00:00  ASM-9  start V1 order WO-PHONE-B     revision.not_yet_effective
        2026-06-15T18:30:00+00:00  ASM-1  start U2 order WO-PHONE       revision.superseded
        2026-06-15T18:30:00+00:00  ASM-9  start V2 order WO-PHONE-B     accepted
    """,
    "by work order": """
        08:00  ASM-1   start U1 order WO-PHONE      work_order.replaced
        08:00  ASM-9   start V1 order WO-PHONE-B    accepted
    """,
    "by serial": """
        08:00  ASM-1   start U0099 order WO-PHONE    accepted
        08:00  ASM-1   start U0100 order WO-PHONE    revision.superseded
        08:00  ASM-9   start U0100 order WO-PHONE-B  accepted
        08:00  ASM-9   start U0098 order WO-PHONE-B  revision.not_yet_effective
        08:00  ASM-1   start U99999 order WO-PHONE   accepted
        08:00  ASM-1   start X0101 order WO-PHONE    accepted
    """,
    "closed": """
        08:00  ASM-1   start X0001 order WO-PHONE    revision.superseded
    """,
    "a part stands in on a panel": LOADED.replace("load CAP-1 CAP on F1 ", "load CAP-1 CAP on F9 ").replace(
        "    07:30  SMT-1   load CAP-1 CAP on F9              accepted\n", ""
    )
    + """
        07:31  DOCK-1  receive SUB-1 SUB 5000 SUP     accepted
        07:31  DOCK-1  receive BAD-1 BAD 5000 SUP     accepted
        07:32  SMT-1   load BAD-1 BAD on F1           material.wrong_part
        07:32  SMT-1   load SUB-1 SUB on F2           material.wrong_part
        08:00  SMT-1   start P1 order WO-MAIN x4      accepted
        08:01  SMT-1   process P1                     material.not_loaded
        08:02  SMT-1   load SUB-1 SUB on F1           accepted
        08:03  SMT-1   process P1                     accepted
        08:04  SMT-1   start P2 order WO-MAIN x4      accepted
        08:05  SMT-1   process P2                     accepted
        08:06  SMT-1   start P3 order WO-MAIN x4      accepted
        08:07  SMT-1   process P3                     deviation.exhausted
        08:08  SMT-1   load CAP-1 CAP on F1           accepted
        08:09  SMT-1   process P3                     deviation.exhausted
        08:10  SMT-1   unload SUB-1 from F1           accepted
        08:11  SMT-2   load SUB-1 SUB on F1           deviation.exhausted
        08:12  SMT-1   process P3                     accepted
    """,
    "a held stand-in": LOADED.replace("    07:30  SMT-1   load CAP-1 CAP on F1              accepted\n", "")
    + """
        07:31  DOCK-1  receive SUB-1 SUB 5000 SUP     accepted
        07:32  SMT-1   load SUB-1 SUB on F1           accepted
        07:33  SMT-1   hold lot SUB-1 as H1           accepted
        08:00  SMT-1   start P1 order WO-MAIN x4      accepted
        08:01  SMT-1   process P1                     material.held
    """,
    "a key part stands in until a day": BOARDS
    + """
        08:30  ASM-1   start U1 order WO-PHONE        accepted
        08:31  ASM-1   install U1 board=PCBA:B1 battery=AKKU:b1 glue=GLUE::GLUE-1   accepted
        08:32  ASM-1   start U2 order WO-PHONE        accepted
        08:33  ASM-1   install U2 board=AKKU:B2       keypart.wrong_part
        18:31  ASM-1   install U2 battery=AKKU:b2     deviation.expired
        18:31  ASM-1   install U2 battery=BAT:b2      accepted
    """,
    "only one work order": BOARDS
    + """
        08:30  ASM-1   start U1 order WO-PHONE        accepted
        08:31  ASM-1   install U1 battery=AKKU:b1     keypart.wrong_part
    """,
    "closed deviation": PHONE_BORN
    + """
        08:31  ASM-1   install U1 battery=AKKU:b1     keypart.wrong_part
    """,
}
