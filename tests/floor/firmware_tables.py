"""The tables of test_firmware_gate: phones whose firmware has images per market (see its fixture)."""

from __future__ import annotations

from floor.workshop import ASSEMBLED, PERSONAL, PHONE_BORN, imei

REST = f"imei={imei(1)} mac=02:00:00:00:00:01 label=PH1"
SECOND = f"imei={imei(2)} mac=02:00:00:00:00:02 label=PH2"
TO_GERMANY = (
    PHONE_BORN.replace("order WO-PHONE ", "order WO-DE ")
    + """
        08:11  ASM-1   install U1 board=PCBA:B1 battery=BAT:b1 glue=GLUE::GLUE-1  accepted
    """
)

IMAGED: dict[str, tuple[str, str]] = {
    "a draft is not approved": (
        "1.0 draft",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.not_approved
    """,
    ),
    "what is approved has other bytes": (
        "1.0 approved other",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.not_approved
    """,
    ),
    "an approved image is written": (
        "1.0 approved",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0/x          firmware.not_released
        08:12  PER-1   write U1 {REST} fw=1.0            accepted
    """,
    ),
    "an image for another revision": (
        "1.0 approved revision=B",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.wrong_revision
    """,
    ),
    "an image that was approved for other markets": (
        "1.0 approved market=DE",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.wrong_market
    """,
    ),
    "a withdrawn one": (
        "1.0 withdrawn",
        ASSEMBLED
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.withdrawn
    """,
    ),
    "each market has its own": (
        "",
        TO_GERMANY
        + f"""
        08:12  PER-1   write U1 {REST} fw=1.0            firmware.wrong_market
        08:12  PER-1   write U1 {REST} fw=1.0-eu         firmware.not_released
        08:12  PER-1   write U1 {REST} fw=1.0-eu/x       accepted
    """,
    ),
    "a hold on firmware stops what carries it": (
        "",
        PERSONAL
        + f"""
        08:20  DOCK-1  hold firmware PHONE main=9.9 as H1                 firmware.unknown
        08:20  DOCK-1  hold firmware PHONE main=1.0 as H1                 accepted
        08:20  DOCK-1  hold firmware PHONE main=1.0 as H1                 hold.exists
        08:21  FIN-1   test U1                                            firmware.held
        08:21  FIN-1   arrive U1                                          firmware.held
        08:21  FIN-1   scrap U1                                           firmware.held
        08:21  REPAIR-1  remove U1 battery                                firmware.held
        08:30  ASM-1   start U2 order WO-PHONE                            accepted
        08:31  ASM-1   install U2 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-1  accepted
        08:32  PER-1   write U2 {SECOND} fw=1.0                           firmware.held
        08:33  DOCK-1  hold firmware PHONE main=1.0 as H2                 accepted
        08:34  DOCK-1  release H1                                         accepted
        08:35  FIN-1   test U1                                            firmware.held
        08:36  DOCK-1  release H2                                         accepted
        08:36  DOCK-1  release H2                                         hold.unknown
        08:37  FIN-1   test U1                                            accepted
        08:38  PER-1   write U2 {SECOND} fw=1.0                           accepted
    """,
    ),
    "packed ones do not leave": (
        "",
        PERSONAL
        + """
        08:13  FIN-1   test U1                                            accepted
        08:14  OQC-1   depart U1                                          accepted
        08:15  PACK-1  pack U1 into BOX1                                  accepted
        08:16  PACK-1  pack BOX1 into CARTON1 carton                      accepted
        08:20  DOCK-1  hold firmware PHONE main=1.0 as H1                 accepted
        08:21  DOCK-1  ship CARTON1 as S1                                 shipping.held_inside
        08:22  PACK-1  unpack U1 from BOX1                                firmware.held
        08:23  DOCK-1  release H1                                         accepted
        08:24  DOCK-1  ship CARTON1 as S1                                 accepted
    """,
    ),
}
"""Name to (the images that are registered of PHONE's main, the story)."""
