"""The tables of test_pool_gate: the gate where the phone's IMEI comes from a pool (see its fixture)."""

from __future__ import annotations

from floor.workshop import ASSEMBLED, imei

REST = "mac=02:00:00:00:00:01 label=PH1 fw=1.0"

POOLED = {
    "a value is drawn before it is written": ASSEMBLED
    + f"""
        08:12  PER-1   write U1 imei={imei(4)} {REST}    identity.not_allotted
        08:12  PER-1   write U1 imei={imei(3)} {REST}    identity.spoilt
        08:12  PER-1   write U1 imei={imei(10)} {REST}   identity.not_in_pool
        08:12  PER-1   write U1 imei={imei(21)} {REST}   identity.not_in_pool
        08:12  PER-1   write U1 imei={imei(31)} {REST}   identity.not_in_pool
        08:12  PER-1   write U1 imei={imei(2)} mac=02:00:00:00:09:01 label=PH1 fw=1.0  identity.not_in_pool
        08:12  PER-1   write U1 imei={imei(2)} {REST}    accepted
    """,
    "a burnt value stays used": ASSEMBLED
    + f"""
        08:12  PER-1   write U1 imei={imei(2)} {REST}    accepted
        08:13  PER-1   scrap U1                          accepted
        08:40  ASM-1   start U2 order WO-PHONE           accepted
        08:41  ASM-1   install U2 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-1  accepted
        08:42  PER-1   write U2 imei={imei(2)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(1)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  accepted
    """,
}
