"""The tables of test_gate_scenarios: one story each, told in the shorthand of workshop."""

from __future__ import annotations

from floor.workshop import (
    ASSEMBLED,
    BOARDS,
    FINISHED,
    LOADED,
    PACKED,
    PANEL,
    PERSONAL,
    PHONE_BORN,
    PLACED,
    TABLETS,
    imei,
)

GOOD = f"imei={imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0"
SECOND_PHONE = """
    08:40  ASM-1   start U2 order WO-PHONE                                accepted
    08:41  ASM-1   install U2 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-1  accepted
"""
TWO_BOXES = (
    TABLETS
    + """
    08:10  PACK-1  pack T1 T2 into BOX1                                   accepted
    08:11  PACK-1  pack T3 into BOX2                                      accepted
"""
)

TABLES = {
    "from panel to pallet": PACKED
    + """
        08:20  PACK-1  pack BOX1 into CARTON1 carton                      accepted
        08:21  PACK-1  pack CARTON1 into PALLET1 pallet                   accepted
        09:00  DOCK-1  ship PALLET1 as S1                                 accepted
        09:01  PACK-1  unpack CARTON1 from PALLET1                        packing.shipped
        09:02  DOCK-1  ship PALLET1 as S2                                 shipping.already_shipped
        09:03  FIN-1   test U1                                            unit.ended
    """,
    "measurements as released": BOARDS
    + """
        08:10  RF-1    start R1 order WO-RADIO                            accepted
        08:11  RF-1    test R1                                            test.missing
        08:11  RF-1    test R1 current=40mA                               test.missing
        08:11  RF-1    test R1 power=9.99dBm                              test.limits
        08:11  RF-1    test R1 power=20.6dBm                              test.limits
        08:11  RF-1    test R1 power=12W                                  test.unit_of_measure
        08:11  RF-1    test R1 power=12dBm current=80.1mA                 test.limits
        08:12  RF-1    test R1 error                                      accepted
        08:12  RF-1    test R1 power=20.5dBm current=80mA noise=3dB       accepted
        08:13  FIT-1   install R1 board=PCBA:B1                           keypart.wrong_part
        08:14  RF-1    start R2 order WO-RADIO                            accepted
        08:15  RF-1    test R2 failed power=3dBm                          accepted
    """,
    "the same event twice": LOADED
    + """
        08:00  SMT-1   start P1 order WO-MAIN x4                          accepted
        08:00  SMT-1   same 6                                             repeated
        08:01  AOI-1   inspect P1                                         route.step_skipped
        08:05  SMT-1   same 6 as start P2 order WO-MAIN x4                event.conflict
        08:06  SMT-1   process P1                                         accepted
    """,
    "clocks that are wrong": PANEL
    + """
        20:05:00  SMT-1  process P1                                       accepted
        20:05:01  AOI-1  inspect P1                                       event.time
        2025-05-11T20:00:00+00:00  DOCK-1  receive OLD CAP 1 SUP          accepted
        2025-05-11T19:59:59+00:00  DOCK-1  receive OLDER CAP 1 SUP        event.time
        20:03:00  AOI-1  inspect P1                                       accepted
    """,
    "an event that comes late": PLACED
    + """
        07:58:59  AOI-1  inspect P1                                       event.late
        07:59:00  AOI-1  inspect P1                                       accepted
    """,
    "packing and shipping late": TABLETS
    + """
        07:50  PACK-1  pack T1 into BOX1                                  event.late
        08:10  PACK-1  pack T1 into BOX1                                  accepted
        08:05  PACK-1  unpack T1 from BOX1                                event.late
        08:05  DOCK-1  ship BOX1 as S1                                    event.late
        08:12  DOCK-1  ship BOX1 as S1                                    accepted
    """,
    "nobody has heard of it": PANEL
    + """
        08:01  SMT-77  process P1                                         station.unknown
        08:01  SMT-1   process P9                                         unit.unknown
        08:01  FIN-1   scrap P9                                           unit.unknown
        08:01  PACK-1  pack P9 into BOX1                                  unit.unknown
        08:01  DOCK-1  ship P9 as S1                                      unit.unknown
        08:01  DEP-1   split P9 into X1=1                                 unit.unknown
        08:01  SMT-1   hold unit P9 as H1                                 unit.unknown
        08:01  SMT-1   hold lot L9 as H1                                  lot.unknown
        08:01  SMT-1   load L9 CAP on F1                                  lot.unknown
        08:01  SMT-1   split lot:L9:1 into lot:L8:CAP:1                   lot.unknown
        08:01  SMT-1   hold work_order WO-9 as H1                         work_order.unknown
        08:01  SMT-1   start P9 order WO-9 x4                             work_order.unknown
        08:01  DOCK-1  receive L9 CAP 5 NOBODY                            supplier.unknown
        08:01  SMT-1   release H9                                         hold.unknown
    """,
    "a gate was revoked": """
        08:00  FIN-8   start K1 order WO-KITE                             work_order.stage
        08:01  FIN-8   start Y1 order WO-TOY                              accepted
    """,
    "it is there already": PANEL
    + """
        08:01  SMT-1   start P1 order WO-MAIN x4                          unit.exists
        08:01  DOCK-1  receive CAP-1 CAP 5 SUP                            lot.exists
        08:01  DOCK-1  split lot:CAP-1:5 into lot:RES-1:CAP:5             lot.exists
        08:01  DOCK-1  split lot:CAP-1:5 into lot:N:CAP:5 lot:N:CAP:1     lot.exists
    """,
    "a hold on a unit bites on the next scan, whatever it is": PLACED
    + """
        08:02  AOI-1   hold unit P1 as H1                                 accepted
        08:02  AOI-1   hold unit P1 as H1                                 hold.exists
        08:03  AOI-1   arrive P1                                          unit.held
        08:03  AOI-1   inspect P1                                         unit.held
        08:03  SMT-1   depart P1                                          unit.held
        08:03  AOI-1   scrap P1                                           unit.held
        08:03  AOI-1   repair P1                                          unit.held
        08:03  AOI-1   hold unit P1 as H2                                 accepted
        08:04  AOI-1   release H1                                         accepted
        08:04  AOI-1   release H1                                         hold.unknown
        08:05  AOI-1   inspect P1                                         unit.held
        08:06  AOI-1   release H2                                         accepted
        08:07  AOI-1   inspect P1                                         accepted
    """,
    "a held panel is not depanelled": PLACED
    + """
        08:02  AOI-1   inspect P1                                         accepted
        08:03  AOI-1   hold unit P1 as H1                                 accepted
        08:04  DEP-1   split P1 into B1=1 B2=2 B3=3 B4=4                  unit.held
    """,
    "a hold on a part holds the device around it": PERSONAL
    + """
        08:20  REPAIR-1  hold unit B1 as H1                               accepted
        08:21  FIN-1   test U1                                            unit.held
        08:22  REPAIR-1  release H1                                       accepted
        08:23  FIN-1   test U1                                            accepted
    """,
    "a hold on a work order": PLACED
    + """
        08:02  AOI-1   hold work_order WO-MAIN as H1                      accepted
        08:03  AOI-1   inspect P1                                         work_order.held
        08:03  SMT-1   start P2 order WO-MAIN x4                          work_order.held
        08:04  AOI-1   release H1                                         accepted
        08:05  AOI-1   inspect P1                                         accepted
    """,
    "a board of a held work order is not built in": PHONE_BORN
    + """
        08:11  ICT-1   hold work_order WO-MAIN as H1                      accepted
        08:12  ASM-1   install U1 board=PCBA:B1                           work_order.held
        08:13  ICT-1   release H1                                         accepted
        08:14  ASM-1   install U1 board=PCBA:B1                           accepted
    """,
    "a held board is not built in": PHONE_BORN
    + """
        08:11  ICT-1   hold unit B1 as H1                                 accepted
        08:12  ASM-1   install U1 board=PCBA:B1                           unit.held
    """,
    "a hold on a lot": PANEL
    + """
        08:01  STORE-1  hold lot CAP-1 as H1                               station.unknown
        08:01  DOCK-1  hold lot CAP-1 as H1                               accepted
        08:02  SMT-1   process P1                                         material.held
        08:02  SMT-2   load CAP-1 CAP on F1                               lot.held
        08:02  DOCK-1  split lot:CAP-1:5 into lot:N:CAP:5                 lot.held
        08:03  SMT-1   unload CAP-1 on F1                                 accepted
        08:04  SMT-1   process P1                                         material.not_loaded
        08:05  DOCK-1  release H1                                         accepted
        08:06  SMT-1   load CAP-1 CAP on F1                               accepted
        08:07  SMT-1   process P1                                         accepted
    """,
    "a held lot of key parts": PHONE_BORN
    + """
        08:11  DOCK-1  hold lot GLUE-1 as H1                              accepted
        08:12  ASM-1   install U1 glue=GLUE::GLUE-1                       lot.held
    """,
    "what a brand handed in goes into its own products": PHONE_BORN
    + """
        08:10  DOCK-1  receive GLUE-A GLUE 50 ACME-IN                     accepted
        08:10  DOCK-1  receive GLUE-Z GLUE 50 ZEN-IN                      accepted
        08:11  ASM-1   install U1 glue=GLUE::GLUE-Z                       lot.other_owner
        08:11  ASM-1   install U1 glue=GLUE::GLUE-A                       accepted
    """,
    "a consigned reel is not loaded where another brand's product would take it": PANEL
    + """
        08:01  DOCK-1  receive CAP-A CAP 50 ACME-IN                       accepted
        08:01  DOCK-1  receive CAP-Z CAP 50 ZEN-IN                        accepted
        08:02  SMT-2   load CAP-Z CAP on F1                               lot.other_owner
        08:02  SMT-2   load CAP-A CAP on F1                               accepted
        08:03  DOCK-1  split lot:CAP-Z:5 into lot:CAP-Z1:CAP:5            accepted
        08:04  SMT-2   load CAP-Z1 CAP on F1                              lot.other_owner
        08:05  DOCK-1  split lot:CAP-1:5 lot:CAP-Z:5 into lot:CAP-M:CAP:10  accepted
        08:06  SMT-2   load CAP-M CAP on F1                               lot.other_owner
        08:07  DOCK-1  split lot:CAP-1:5 lot:CAP-A:5 into lot:CAP-N:CAP:10  accepted
        08:08  SMT-2   load CAP-N CAP on F1                               accepted
    """,
    "two holds on one lot, one released": PANEL
    + """
        08:01  DOCK-1  hold lot CAP-1 as H1                               accepted
        08:01  DOCK-1  hold lot CAP-1 as H2                               accepted
        08:02  DOCK-1  release H1                                         accepted
        08:03  SMT-1   process P1                                         material.held
        08:04  DOCK-1  release H2                                         accepted
        08:05  SMT-1   process P1                                         accepted
    """,
    "scrapped is scrapped": PLACED
    + """
        08:02  AOI-1   scrap P1                                           accepted
        08:03  AOI-1   inspect P1                                         unit.scrapped
        08:03  AOI-1   scrap P1                                           unit.scrapped
        08:03  REPAIR-1  repair P1                                        unit.scrapped
    """,
    "a depanelled panel has ended, and so has a board inside a phone": ASSEMBLED
    + """
        08:12  ICT-1   test P1                                            unit.ended
        08:12  DEP-1   split P1 into X1=1 X2=2 X3=3 X4=4                  unit.ended
        08:12  ICT-1   test B1                                            unit.ended
        08:12  ICT-1   scrap B1                                           unit.ended
    """,
    "the wrong line": PHONE_BORN
    + """
        08:11  ICT-1   test U1                                            unit.wrong_product
        08:11  FIN-8   test U1                                            unit.wrong_product
        08:11  DOCK-1  arrive U1                                          unit.wrong_product
        08:11  SMT-1   start U2 order WO-PHONE                            unit.wrong_product
        08:11  ASM-9   arrive U1                                          unit.wrong_revision
    """,
    "failed, repaired, failed for good": PERSONAL
    + """
        08:13  FIN-1   repair U1                                          repair.wrong_station
        08:13  REPAIR-1  repair U1                                        repair.not_failed
        08:13  REPAIR-1  arrive U1                                        repair.not_failed
        08:14  FIN-1   test U1 error                                      accepted
        08:14  FIN-1   test U1 aborted                                    accepted
        08:14  FIN-1   test U1 failed                                     accepted
        08:15  FIN-1   test U1                                            unit.failed
        08:15  OQC-1   depart U1                                          unit.failed
        08:15  PACK-1  pack U1 into BOX1                                  unit.failed
        08:16  FIN-1   repair U1                                          repair.wrong_station
        08:16  REPAIR-1  arrive U1                                        accepted
        08:17  REPAIR-1  repair U1                                        accepted
    """
    + f"""
        08:18  FIN-1   test U1                                            route.step_skipped
        08:18  PER-1   write U1 {GOOD}                              accepted
        08:19  FIN-1   test U1 failed                                     accepted
        08:20  REPAIR-1  arrive U1                                        repair.limit_exceeded
        08:20  REPAIR-2  repair U1                                        repair.limit_exceeded
        08:21  FIN-1   scrap U1                                           accepted
    """,
    "a repaired unit passes over what is still built in": PERSONAL
    + f"""
        08:13  FIN-1   test U1 failed                                     accepted
        08:14  REPAIR-1  repair U1                                        accepted
        08:15  ASM-1   install U1 battery=BAT:b9                          route.step_repeated
        08:15  PER-1   write U1 {GOOD}                              accepted
        08:16  FIN-1   test U1                                            accepted
    """,
    "a battery is changed at repair": PERSONAL
    + f"""
        08:13  FIN-1   test U1 failed                                     accepted
        08:14  REPAIR-1  remove U1 battery                                accepted
        08:14  REPAIR-1  remove U1 battery                                keypart.not_bound
        08:15  REPAIR-1  repair U1                                        accepted
        08:16  PER-1   arrive U1                                          keypart.missing
        08:17  ASM-1   install U1 board=PCBA:B2                           keypart.role_taken
        08:17  ASM-1   install U1 battery=BAT:b2                          accepted
        08:18  PER-1   write U1 {GOOD}                              accepted
        08:19  FIN-1   test U1                                            accepted
    """,
    "going on without a key part": PHONE_BORN
    + """
        08:11  ASM-1   install U1 board=PCBA:B1                           accepted
        08:12  PER-1   arrive U1                                          keypart.missing
        08:12  ASM-1   depart U1                                          keypart.missing
        08:12  ASM-2   install U1 battery=BAT:b1                          route.out_of_order
        08:12  ASM-1   install U1 battery=BAT:b1 glue=GLUE::GLUE-1        accepted
        08:13  PER-1   arrive U1                                          accepted
    """,
    "the order of the route": ASSEMBLED
    + f"""
        08:12  LABEL-1  arrive U1                                          route.not_on_route
        08:12  FIN-1   test U1                                            route.step_skipped
        08:12  FIN-1   arrive U1                                          route.step_skipped
        08:12  ASM-1   install U1 battery=BAT:b2                          route.step_repeated
        08:12  PER-1   test U1                                            route.out_of_order
        08:12  PER-1   arrive U1                                          accepted
        08:12  PER-1   arrive U1                                          accepted
        08:12  PER-1   depart U1                                          route.out_of_order
        08:12  FIN-1   depart U1                                          route.out_of_order
        08:12  PER-1   write U1 {GOOD}                              accepted
        08:13  PER-1   depart U1                                          accepted
        08:13  PER-1   depart U1                                          route.out_of_order
        08:14  PACK-1  pack U1 into BOX1                                  packing.unfinished
    """,
    "a whole route is passed": PACKED
    + """
        08:16  FIN-1   test U1                                            route.complete
        08:16  PACK-2  arrive U1                                          route.complete
    """,
    "standing at another station": PERSONAL
    + """
        08:13  FIN-1   arrive U1                                          accepted
        08:13  FIN-2   test U1                                            route.out_of_order
        08:13  FIN-2   arrive U1                                          accepted
        08:13  FIN-2   test U1                                            accepted
    """,
    "who may do it": PHONE_BORN
    + """
        08:11  ASM-1   install U1 board=PCBA:B1 by nobody                 operator.unknown
        08:11  ASM-1   install U1 board=PCBA:B1 by MACHINE                operator.unknown
        08:11  ASM-1   install U1 board=PCBA:B1 by OP-NEW                 operator.not_certified
        08:11  ASM-1   install U1 board=PCBA:B1 by OP-OLD                 operator.not_certified
        08:11  ASM-1   arrive U1 by OP-OLD                                operator.not_certified
        08:11  ASM-1   install U1 board=PCBA:B1                           accepted
    """,
    "a certificate ends with the plant's day, not with UTC's": """
        2026-06-14T18:20:00+00:00  ASM-1  start U1 order WO-PHONE         accepted
        2026-06-14T18:29:59+00:00  ASM-1  arrive U1 by OP-OLD             accepted
        2026-06-14T18:30:00+00:00  ASM-1  arrive U1 by OP-OLD             operator.not_certified
    """,
    "feeders": """
        07:00  DOCK-1  receive CAP-1 CAP 5000 SUP                         accepted
        07:00  DOCK-1  receive CAP-2 CAP-B 5000 SUP                       accepted
        07:00  DOCK-1  receive RES-1 RES 5000 SUP                         accepted
        07:00  DOCK-1  receive BAT-1 BAT 5000 SUP                         accepted
        07:10  SMT-1   start P1 order WO-MAIN x4                          accepted
        07:11  SMT-1   process P1                                         material.not_loaded
        07:12  SMT-1   load RES-1 RES on F1                               material.wrong_part
        07:12  SMT-1   load RES-1 CAP on F2                               material.wrong_part
        07:12  SMT-1   load CAP-1 CAP on F2                               material.wrong_part
        07:12  SMT-1   load BAT-1 BAT on F2                               material.wrong_part
        07:12  AOI-1   load RES-1 RES on F2                               material.wrong_part
        07:13  SMT-1   unload CAP-2 on F1                                 material.location_empty
        07:14  SMT-1   load RES-1 RES on F2                               accepted
        07:15  SMT-1   process P1                                         material.not_loaded
        07:16  SMT-1   load CAP-2 CAP-B on F1                             accepted
        07:17  SMT-1   process P1                                         accepted
        07:15  SMT-1   unload CAP-2 on F1                                 material.location_empty
        07:18  SMT-1   unload CAP-2 on F2                                 material.location_empty
        07:18  SMT-1   unload CAP-2 on F1                                 accepted
        07:18  SMT-1   unload CAP-2 on F1                                 material.location_empty
    """,
    "a reel scanned twice comes off with one scan": PANEL
    + """
        08:00  SMT-1   load CAP-1 CAP on F1                               accepted
        08:01  SMT-1   unload CAP-1 on F1                                 accepted
        08:02  SMT-1   process P1                                         material.not_loaded
    """,
    "key parts": PHONE_BORN
    + """
        08:11  ASM-1   install U1 camera=CAM:c1                           keypart.unexpected
        08:11  ASM-1   install U1 battery=CAM:c1                          keypart.wrong_part
        08:11  ASM-1   install U1 battery=BAT::                           keypart.serial_missing
        08:11  ASM-1   install U1 glue=GLUE:g1                            keypart.serial_missing
        08:11  ASM-1   install U1 glue=GLUE::L9                           lot.unknown
        08:11  ASM-1   install U1 glue=GLUE::CAP-1                        keypart.wrong_part
        08:11  ASM-1   install U1 board=PCBA:B9                           unit.unknown
        08:11  ASM-1   install U1 board=PCBA:B3                           keypart.not_passed
        08:11  ASM-1   install U1 board=PCBA:P1                           keypart.not_passed
        08:11  ASM-1   install U1 board=PCBA:U1                           keypart.wrong_part
        08:11  ASM-1   install U1 battery=BAT:b1 battery=BAT:b2           keypart.role_taken
        08:11  ASM-1   install U1 battery=BAT-B:b1                        accepted
        08:11  ASM-1   install U1 battery=BAT:b2                          keypart.role_taken
        08:11  ASM-1   install U1 board=PCBA:B1 glue=GLUE::GLUE-1         accepted
        08:12  ASM-1   start U2 order WO-PHONE                            accepted
        08:13  ASM-1   install U2 battery=BAT-B:b1                        keypart.already_used
        08:13  ASM-1   install U2 board=PCBA:B1                           keypart.already_used
        08:13  ASM-1   install U2 board=PCBA-B:B1                         keypart.already_used
        08:13  ASM-1   install U2 battery=BAT:b1                          accepted
    """,
    "a part goes from one unit into another": ASSEMBLED
    + """
        08:12  PER-1   remove U1 battery board                            accepted
        08:13  ASM-1   start U2 order WO-PHONE                            accepted
        08:14  ASM-1   install U2 battery=BAT:b1 board=PCBA:B1            accepted
        08:15  ASM-1   install U1 battery=BAT:b1                          keypart.already_used
        08:15  ASM-1   install U1 board=PCBA:B1                           keypart.already_used
    """,
    "a packed unit is not opened in its box": PACKED
    + """
        08:16  REPAIR-1  remove U1 battery                                packing.already_packed
        08:17  PACK-1  unpack U1 from BOX1                                accepted
        08:18  REPAIR-1  remove U1 battery                                accepted
        08:19  PACK-1  pack U1 into BOX1                                  packing.unfinished
    """,
    "identities": ASSEMBLED
    + f"""
        08:12  PER-1   write U1 {GOOD} wifi=1                       identity.unexpected
        08:12  PER-1   write U1 {GOOD} label=PH1                    identity.unexpected
        08:12  PER-1   write U1 imei={imei(1)} label=PH1 fw=1.0  identity.missing
        08:12  PER-1   write U1 imei=350000000000011                identity.malformed
        08:12  PER-1   write U1 mac=01:00:5E:00:00:01               identity.malformed
        08:12  PER-1   write U1 imei=490154203237518                identity.out_of_range
        08:12  PER-1   write U1 label=XX1                           identity.out_of_range
        08:13  PER-1   write U1 {GOOD}                              accepted
    """
    + SECOND_PHONE
    + f"""
        08:42  PER-1   write U2 imei={imei(1)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(2)} mac=02-00-00-00-00-01 label=PH2 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(2)} mac=0200.0000.0002 label=PH2 fw=1.0  accepted
    """,
    "an identity that was burnt is never given again": PERSONAL
    + f"""
        08:13  FIN-1   test U1 failed                                     accepted
        08:14  REPAIR-1  repair U1                                        accepted
        08:15  PER-1   write U1 imei={imei(7)} mac=02:00:00:00:00:01 label=PH1 fw=1.0  accepted
        08:16  FIN-1   scrap U1                                           accepted
    """
    + SECOND_PHONE
    + f"""
        08:42  PER-1   write U2 imei={imei(1)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(7)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(8)} mac=02:00:00:00:00:02 label=PH1 fw=1.0  identity.already_used
        08:42  PER-1   write U2 imei={imei(8)} mac=02:00:00:00:00:02 label=PH2 fw=1.0  accepted
    """,
    "firmware": ASSEMBLED
    + f"""
        08:12  PER-1   write U1 {GOOD[:-7]}                        firmware.missing
        08:12  PER-1   write U1 {GOOD[:-7]} fw:modem=1.0           firmware.unexpected
        08:12  PER-1   write U1 {GOOD[:-7]} fw=0.9            firmware.not_released
        08:12  PER-1   write U1 {GOOD}/x                            firmware.not_released
        08:12  PER-1   write U1 {GOOD}                              accepted
    """,
    "boards of a panel add up": PANEL
    + """
        08:00  SMT-1   start P2 order WO-MAIN x3                          panel.positions
        08:00  SMT-1   start P2 order WO-MAIN                             panel.positions
        08:01  SMT-1   process P1                                         accepted
        08:02  AOI-1   inspect P1 failed @5                               panel.positions
        08:02  AOI-1   scrap P1 @5                                        panel.positions
        08:02  AOI-1   scrap P1 @3                                        accepted
        08:02  AOI-1   scrap P1 @3                                        panel.positions
        08:03  AOI-1   inspect P1                                         accepted
        08:04  DEP-1   split P1 into B1=1 B2=2 B3=3 B4=4                  panel.positions
        08:04  DEP-1   split P1 into B1=1 B2=2                            panel.positions
        08:04  DEP-1   split P1 into B1=1 B2=2 B4=2                       panel.positions
        08:04  DEP-1   split P1 into B1=1 B2=2 B4=4 B5=5                  panel.positions
        08:04  DEP-1   split P1 into B1 B2 B4                             panel.positions
        08:04  DEP-1   split P1 into B1=1 B2=2 P1=4                       unit.exists
        08:04  DEP-1   split P1 into B1=1 B2=2 B2=4                       unit.exists
        08:05  DEP-1   split P1 into B1=1 B2=2 B4=4                       accepted
    """,
    "a panel with bad boards": PLACED
    + """
        08:02  AOI-1   inspect P1 failed @2,3                             accepted
        08:03  DEP-1   split P1 into B1=1 B2=2 B3=3 B4=4                  unit.failed
        08:03  AOI-1   scrap P1 @2                                        accepted
        08:04  DEP-1   arrive P1                                          unit.failed
        08:04  AOI-1   scrap P1 @3                                        accepted
        08:05  DEP-1   split P1 into B1=1 B4=4                            accepted
    """,
    "only scrapped boards are named, so all others are in doubt": PLACED
    + """
        08:02  AOI-1   scrap P1 @2                                        accepted
        08:03  AOI-1   inspect P1 failed @2                               accepted
        08:04  AOI-1   scrap P1 @1                                        accepted
        08:05  DEP-1   arrive P1                                          unit.failed
    """,
    "every board scrapped is the panel scrapped": PLACED
    + """
        08:02  AOI-1   scrap P1 @1,2                                      accepted
        08:02  AOI-1   scrap P1 @3,4                                      accepted
        08:03  AOI-1   inspect P1                                         unit.scrapped
    """,
    "transformations": PLACED
    + """
        08:02  AOI-1   inspect P1                                         accepted
        08:03  DEP-1   split P1 lot:CAP-1:1 into B1=1 lot:X:CAP:1         transformation.shape
        08:03  DEP-1   split P1 P1 into B1=1 B2=2 B3=3 B4=4               transformation.shape
        08:03  DEP-1   split lot:CAP-1:1 into B1=1                        transformation.shape
        08:03  DEP-1   split P1 into lot:X:CAP:1                          transformation.shape
        08:03  DEP-1   split lot:CAP-1:1 into lot:X                       transformation.shape
        08:03  DEP-1   split lot:CAP-1:1 lot:CAP-1:1 into lot:X:CAP:2     transformation.shape
        08:03  DEP-1   split lot:CAP-1:1 lot:RES-1:1 into lot:X:MIX:2     accepted
        08:03  DEP-1   split lot:GLUE-1:1 P1 into B1=1 B2=2 B3=3 B4=4     accepted
        08:04  ICT-1   test B1                                            accepted
        08:05  ICT-1   split B1 into lot:Y:PCBA:1                         accepted
        08:06  ICT-1   test B1                                            unit.ended
    """,
    "packing": TABLETS
    + """
        08:09  PACK-1  pack T1 into T2                                    packing.level
        08:09  PACK-1  pack T1 into T1                                    packing.level
        08:09  PACK-1  pack T1 T1 into BOX1                               packing.already_packed
        08:09  FIN-1   pack T1 into BOX1                                  route.out_of_order
        08:10  PACK-1  pack T1 into BOX1                                  accepted
        08:11  PACK-1  pack T1 into BOX2                                  packing.already_packed
        08:11  PACK-1  pack T2 into BOX1 carton                           packing.level
        08:11  PACK-1  pack BOX1 into BOX2 box                            packing.level
        08:11  PACK-1  pack BOX1 into BOX1                                packing.level
        08:11  PACK-1  pack T2 T3 into BOX1                               packing.full
        08:11  PACK-1  unpack T2 from BOX1                                packing.not_inside
        08:11  PACK-1  unpack T9 from BOX1                                packing.not_inside
        08:11  PACK-1  unpack T1 from BOX9                                packing.not_inside
        08:12  PACK-1  pack T2 into BOX1                                  accepted
        08:13  PACK-1  pack T3 into BOX1                                  packing.full
        08:14  PACK-1  unpack T1 T1 from BOX1                             accepted
        08:15  PACK-1  pack T3 into BOX1                                  accepted
        08:16  PACK-1  pack BOX1 into CARTON1 carton                      accepted
    """,
    "two brands do not share a box": FINISHED
    + TABLETS
    + """
        08:15  PACK-1  pack U1 T1 into BOX1                               packing.other_brand
        08:15  PACK-1  pack U1 into BOX1                                  accepted
        08:16  PACK-1  pack T1 into BOX1                                  packing.other_brand
        08:17  PACK-1  pack T1 into BOX2                                  accepted
        08:18  PACK-1  pack BOX1 BOX2 into CARTON1 carton                 packing.other_brand
    """,
    "a held box": TWO_BOXES
    + """
        08:12  PACK-1  hold unit BOX1 as H1                               accepted
        08:13  PACK-1  unpack T1 from BOX1                                unit.held
        08:13  PACK-1  pack BOX1 into CARTON1 carton                      unit.held
        08:13  DOCK-1  ship BOX1 as S1                                    unit.held
        08:14  PACK-1  release H1                                         accepted
        08:15  DOCK-1  ship BOX1 as S1                                    accepted
    """,
    "shipping": TWO_BOXES
    + """
        08:12  FIN-1   start T4 order WO-TABLET                           accepted
        08:12  DOCK-1  ship T4 as S1                                      shipping.not_packed
        08:12  DOCK-1  ship T1 as S1                                      shipping.not_packed
        08:12  DOCK-1  ship BOX1 BOX1 as S1                               shipping.already_shipped
        08:13  PACK-1  hold unit T2 as H1                                 accepted
        08:14  DOCK-1  ship BOX1 as S1                                    shipping.held_inside
        08:15  DOCK-1  ship BOX2 as S1                                    accepted
        08:16  PACK-1  release H1                                         accepted
        08:17  DOCK-1  ship BOX1 as S1                                    shipping.exists
        08:18  DOCK-1  ship BOX1 as S2                                    accepted
        08:19  DOCK-1  ship BOX1 as S3                                    shipping.already_shipped
        08:19  PACK-1  unpack T1 from BOX1                                packing.shipped
        08:19  PACK-1  pack T4 into BOX1                                  packing.shipped
    """,
    "a work order on hold does not leave in a box": TWO_BOXES
    + """
        08:12  PACK-1  hold work_order WO-TABLET as H1                    accepted
        08:13  DOCK-1  ship BOX1 as S1                                    shipping.held_inside
        08:13  PACK-1  unpack T1 from BOX1                                work_order.held
    """,
    "a unit that was scrapped in its box neither leaves nor lives again": TWO_BOXES
    + """
        08:12  PACK-1  scrap T1                                           accepted
        08:13  DOCK-1  ship BOX1 as S1                                    shipping.not_packed
        08:14  PACK-1  unpack T1 from BOX1                                accepted
        08:15  PACK-1  pack T1 into BOX1                                  unit.scrapped
        08:16  DOCK-1  ship BOX1 as S1                                    accepted
    """,
    "unpacked means to be packed again": PACKED
    + """
        08:16  PACK-1  unpack U1 from BOX1                                accepted
        08:17  DOCK-1  ship U1 as S1                                      shipping.not_packed
        08:18  OQC-1   depart U1                                          route.out_of_order
        08:19  PACK-2  pack U1 into BOX2                                  accepted
        08:20  DOCK-1  ship BOX2 as S1                                    accepted
    """,
    "boards": BOARDS
    + """
        08:05  ICT-1   test B1                                            route.complete
        08:05  DOCK-1  ship B3 as S1                                      shipping.not_packed
        08:05  DOCK-1  ship B2 as S1                                      accepted
    """,
}
