"""Which reel, honestly: what a trace says that a unit consumed, and what a recall of each lot finds."""

from __future__ import annotations

from typing import Any

import pytest

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.recall import recall
from karkhana.floor.trace import trace_unit

pytestmark = pytest.mark.usefixtures("rolled_back")

HOUSE = """
    06:00  DOCK-1  receive CAP-1 CAP 5000 SUP        accepted
    06:00  DOCK-1  receive CAP-2 CAP-B 5000 SUP      accepted
    06:00  DOCK-1  receive RES-1 RES 5000 SUP        accepted
    06:00  DOCK-1  receive GLUE-1 GLUE 50 SUP        accepted
    06:00  DOCK-1  receive GLUE-2 GLUE 50 SUP        accepted
    06:30  SMT-1   load RES-1 RES on F2              accepted
    07:55  SMT-1   start P1 order WO-MAIN x4         accepted
"""
"""RES-1 is on the station all day. The panel is born at 07:55: without an arrival its window begins then."""

WINDOWS = {
    "one reel": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1"}),
    "changed before the arrival": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:59:59  SMT-1  unload CAP-1 on F1          accepted
        07:59:59  SMT-1  load CAP-2 CAP-B on F1      accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-2"}),
    "changed after the result": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
        08:01:01  SMT-1  unload CAP-1 on F1          accepted
        08:01:01  SMT-1  load CAP-2 CAP-B on F1      accepted
    """, {"CAP-1"}),
    "changed while the panel was there: either may be on it": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:00:30  SMT-1  unload CAP-1 on F1          accepted
        08:00:40  SMT-1  load CAP-2 CAP-B on F1      accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1", "CAP-2"}),
    "taken off in the very moment of the arrival": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   unload CAP-1 on F1            accepted
        08:00  SMT-1   load CAP-2 CAP-B on F1        accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1", "CAP-2"}),
    "put on in the very moment of the result": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
        08:01  SMT-1   load CAP-2 CAP-B on F1        accepted
    """, {"CAP-1", "CAP-2"}),
    "no arrival reported: the window begins with the event before": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:56  SMT-1   unload CAP-1 on F1            accepted
        07:56  SMT-1   load CAP-2 CAP-B on F1        accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1", "CAP-2"}),
    "two arrivals: the first counts": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:00:10  SMT-1  unload CAP-1 on F1          accepted
        08:00:10  SMT-1  load CAP-2 CAP-B on F1      accepted
        08:00:20  SMT-1  arrive P1                   accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1", "CAP-2"}),
    "a splice: both feed until the first is taken off": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:30  SMT-1   load CAP-2 CAP-B on F1        accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
        08:30  SMT-1   unload CAP-1 on F1            accepted
    """, {"CAP-1", "CAP-2"}),
    "the first of a splice was taken off before": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:30  SMT-1   load CAP-2 CAP-B on F1        accepted
        07:50  SMT-1   unload CAP-1 on F1            accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-2"}),
    "another station's reel does not count": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:00  SMT-2   load CAP-2 CAP-B on F1        accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """, {"CAP-1"}),
    "said late: the load of the other reel comes after the result": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
        08:00:30  SMT-1  load CAP-2 CAP-B on F1      accepted
    """, {"CAP-1", "CAP-2"}),
    "said late: the reel had been off before the arrival": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        07:30  SMT-1   load CAP-2 CAP-B on F1        accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
        07:40  SMT-1   unload CAP-1 on F1            accepted
    """, {"CAP-2"}),
    "the clock of the result lags behind the arrival": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        07:59  SMT-1   process P1                    accepted
        08:00:30  SMT-1  load CAP-2 CAP-B on F1      accepted
    """, {"CAP-1"}),
    "failed and done again: both windows count": ("""
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1 failed             accepted
        08:02  SMT-1   unload CAP-1 on F1            accepted
        08:02  SMT-1   load CAP-2 CAP-B on F1        accepted
        08:03  REPAIR-1  repair P1                   accepted
        08:04  SMT-1   arrive P1                     accepted
        08:05  SMT-1   process P1                    accepted
    """, {"CAP-1", "CAP-2"}),
}  # fmt: skip


def tell(story: str) -> None:
    for line in ws.lines(story):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.status == line.outcome, (line.text, outcome.refusal)


def materials(serial: str, part: str) -> list[dict[str, Any]]:
    return [material for material in trace_unit(serial)["materials"] if material["part"] == part]


def candidates(serial: str, part: str) -> set[str]:
    return {lot["lot"] for material in materials(serial, part) for lot in material["candidates"]}


@pytest.mark.parametrize("name", WINDOWS)
def test_candidates_of_a_window(name: str) -> None:
    story, wanted = WINDOWS[name]
    tell(HOUSE + story)
    assert candidates("P1", "CAP") == wanted
    for material in materials("P1", "CAP"):
        assert material["exact"] == (len({lot["lot"] for lot in material["candidates"]}) == 1)
    if "failed" not in story:
        (material,) = materials("P1", "CAP")
        assert material["exact"] == (len(wanted) == 1)
    (resistor, *_) = materials("P1", "RES")
    assert resistor["exact"]
    for lot in ("CAP-1", "CAP-2"):
        assert recall(lot=lot)["serials"] == (["P1"] if lot in wanted else []), lot


def test_a_late_load_changes_a_later_trace_but_no_decision() -> None:
    tell(HOUSE + """
        07:00  SMT-1   load CAP-1 CAP on F1          accepted
        08:00  SMT-1   arrive P1                     accepted
        08:01  SMT-1   process P1                    accepted
    """)  # fmt: skip
    assert materials("P1", "CAP")[0]["exact"]
    assert recall(lot="CAP-2")["units"] == 0
    tell("08:00:30  SMT-1  load CAP-2 CAP-B on F1  accepted")
    assert not materials("P1", "CAP")[0]["exact"]
    assert recall(lot="CAP-2")["serials"] == ["P1"]
    assert trace_unit("P1")["next_step"]["number"] == 2


DEVICE = (
    HOUSE
    + """
    07:00  SMT-1   load CAP-1 CAP on F1                              accepted
    08:00  SMT-1   process P1                                        accepted
    08:01  AOI-1   inspect P1                                        accepted
    08:01  AOI-1   scrap P1 @4                                       accepted
    08:02  DEP-1   split P1 into B1=1 B2=2 B3=3                      accepted
    08:03  ICT-1   test B1                                           accepted
    08:03  ICT-1   test B2                                           accepted
    08:10  ASM-1   start U1 order WO-PHONE                           accepted
    08:11  ASM-1   install U1 board=PCBA:B1 battery=BAT:b1 glue=GLUE::GLUE-1  accepted
"""
)


def found(answer: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    return answer["serials"], answer["sub_assemblies"], answer["removed"]


def test_recall_goes_through_panel_and_board_into_the_device() -> None:
    tell(DEVICE)
    assert found(recall(lot="CAP-1")) == (["B2", "B3", "U1"], ["B1"], [])
    assert found(recall(lot="GLUE-1")) == (["U1"], [], [])
    assert found(recall(lot="GLUE-2")) == ([], [], [])
    for serial, wanted in {
        "b1": (["U1"], [], []), "B1": (["U1"], ["B1"], []), "B2": (["B2"], [], []),
        "P1": (["B2", "B3", "U1"], ["B1"], []), "U1": (["U1"], [], []),
    }.items():  # fmt: skip
        assert found(recall(serial=serial)) == wanted, serial
    trace = trace_unit("U1")
    (board,) = (item for item in trace["installed"] if item["role"] == "board")
    assert board["unit"]["panel"] == {"serial": "P1", "position": 1}
    assert {lot["lot"] for m in board["unit"]["materials"] for lot in m["candidates"]} == {"CAP-1", "RES-1"}
    assert trace_unit("B1")["installed_in"][0]["parent"] == "U1"


def test_what_was_taken_out_is_listed_apart() -> None:
    tell(DEVICE + """
        08:12  REPAIR-1  remove U1 board battery glue                    accepted
        08:13  ASM-1   install U1 board=PCBA:B2 battery=BAT:b2 glue=GLUE::GLUE-2  accepted
    """)  # fmt: skip
    assert found(recall(lot="GLUE-1")) == ([], [], ["U1"])
    assert found(recall(lot="GLUE-2")) == (["U1"], [], [])
    assert found(recall(serial="b1")) == ([], [], ["U1"])
    assert found(recall(serial="b2")) == (["U1"], [], [])
    assert found(recall(serial="B1")) == (["B1"], [], ["U1"])
    assert found(recall(lot="CAP-1")) == (["B1", "B3", "U1"], ["B2"], [])
    trace = trace_unit("U1")
    assert [(item["role"], item["serial"]) for item in trace["removed"]] == [
        ("battery", "b1"), ("board", "B1"), ("glue", None)]  # fmt: skip
    assert all(item["removed_at"] == ws.when("08:12") for item in trace["removed"])


def test_a_device_that_only_held_it_for_a_while_is_exposed_through_its_board() -> None:
    tell(DEVICE + "\n 08:12  REPAIR-1  remove U1 board  accepted")
    assert found(recall(lot="CAP-1")) == (["B1", "B2", "B3"], [], ["U1"])


def test_recall_goes_through_lots_made_of_lots() -> None:
    tell(HOUSE + """
        06:10  DOCK-1  split lot:CAP-1:10 lot:CAP-2:10 into lot:MIX:CAP:20  accepted
        06:20  DOCK-1  split lot:MIX:10 into lot:KIT:CAP:10 lot:REST:CAP:10  accepted
        07:00  SMT-1   load KIT CAP on F1            accepted
        08:00  SMT-1   process P1                    accepted
    """)  # fmt: skip
    for lot, serials in {"CAP-1": ["P1"], "CAP-2": ["P1"], "MIX": ["P1"], "KIT": ["P1"], "REST": []}.items():
        assert recall(lot=lot)["serials"] == serials, lot
    assert [source["lot"] for source in recall(lot="KIT")["sources"]] == ["CAP-1", "CAP-2", "KIT", "MIX"]


def test_recall_goes_through_units_that_became_a_lot() -> None:
    """B2 is turned into resistors, which another panel consumes: whoever recalls CAP-1 must hear of it."""
    tell(DEVICE + """
        08:20  ICT-1   split B2 into lot:MADE:RES:9                      accepted
        08:30  SMT-2   start P2 order WO-MAIN x4                         accepted
        08:31  SMT-2   load CAP-2 CAP-B on F1                            accepted
        08:31  SMT-2   load MADE RES on F3                               accepted
        08:32  SMT-2   process P2                                        accepted
    """)  # fmt: skip
    assert recall(lot="CAP-1")["serials"] == ["B3", "P2", "U1"]
    assert recall(serial="B2")["serials"] == ["P2"]
    assert recall(lot="CAP-2")["serials"] == ["P2"]


def test_a_lot_that_went_into_a_panel_with_the_depanelling() -> None:
    tell(HOUSE + """
        07:00  SMT-1   load CAP-1 CAP on F1                              accepted
        08:00  SMT-1   process P1                                        accepted
        08:01  AOI-1   inspect P1                                        accepted
        08:02  DEP-1   split lot:GLUE-2:1 P1 into B1=1 B2=2 B3=3 B4=4    accepted
    """)  # fmt: skip
    assert recall(lot="GLUE-2")["serials"] == ["B1", "B2", "B3", "B4"]
    assert [row["lot"] for row in trace_unit("B1")["made_from"]] == ["GLUE-2"]
    assert candidates("B1", "CAP") == {"CAP-1"}


def test_recall_of_boxes_and_by_state_and_brand() -> None:
    tell(ws.PACKED + """
        08:20  PACK-1  pack BOX1 into CARTON1 carton     accepted
        08:30  DOCK-1  ship CARTON1 as S1                accepted
        08:31  ICT-1   scrap B2                          accepted
    """)  # fmt: skip
    for container in ("BOX1", "CARTON1"):
        assert recall(serial=container)["serials"] == ["U1"]
    answer = recall(lot="CAP-1")
    counts = {
        key: answer[key] for key in ("units", "shipped", "scrapped", "in_plant", "by_brand", "by_state")
    }
    assert counts == {
        "units": 4, "shipped": 1, "scrapped": 1, "in_plant": 2, "by_brand": {"ACME": 4},
        "by_state": {"in_process": 2, "scrapped": 1, "shipped": 1},
    }  # fmt: skip
    trace = trace_unit("U1")
    assert (trace["containers"], trace["shipment"]["shipment"]) == (["BOX1", "CARTON1"], "S1")


def test_a_board_taken_out_before_the_device_left_stays_here_in_one_batch() -> None:
    """Told in one batch, what is inside must follow each event: the board does not leave with the phone."""
    story = list(ws.lines(ws.FINISHED + f"""
        08:20  REPAIR-1  remove U1 board                                 accepted
        08:21  ASM-1   install U1 board=PCBA:B2                          accepted
        08:22  PER-1   write U1 imei={ws.imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0  accepted
        08:23  FIN-1   test U1                                           accepted
        08:24  OQC-1   depart U1                                         accepted
        08:25  PACK-1  pack U1 into BOX1                                 accepted
        08:26  DOCK-1  ship BOX1 as S1                                   accepted
    """))  # fmt: skip
    first = len(list(ws.lines(ws.FINISHED)))
    for part in (story[:first], story[first:]):
        outcomes = record_events([line.raw for line in part], recorded_at=ws.NOW)
        assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert trace_unit("B1")["state"] == "complete"
    assert (trace_unit("B2")["state"], trace_unit("U1")["state"]) == ("installed", "shipped")


def test_burnt_identities_still_lead_to_the_unit() -> None:
    tell(ws.PERSONAL + "\n 08:20  FIN-1  scrap U1  accepted")
    trace = trace_unit(ws.imei(1))
    assert (trace["serial"], trace["identities"]) == ("U1", {})
    assert [row["value"] for row in trace["identities_burnt"]] == [ws.imei(1), "PH1", "020000000001"]
