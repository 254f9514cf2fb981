"""Single rules on a world in memory, where a table through the door would say less: counts, odd releases."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import msgspec

from floor import workshop as ws
from floor.chaos import DECODER
from karkhana.design.release import KeyPart, ReleasePackage
from karkhana.floor.rules import World, apply, decide
from karkhana.floor.rules.world import METRIC


def play(story: str, *packages: ReleasePackage) -> World:
    """Tell a story to a world in memory, which answers as the story says."""
    reference = ws.pure_reference()
    releases = {**reference.releases, **{(p.product, p.revision): p for p in packages}}
    world = World(replace(reference, releases=MappingProxyType(releases)))
    for seq, line in enumerate(ws.lines(story), start=1):
        event = DECODER.decode(json.dumps(line.body))
        refusal = decide(world, event, ws.NOW)
        assert (refusal.code if refusal else "accepted") == line.outcome, (line.text, refusal)
        if refusal is None:
            apply(world, event, seq)
    return world


def tally(world: World, metric: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for (station, _, _), counts in world.changes.tallies.items():
        found[station] += counts[METRIC[metric]]
    return +found


def test_first_pass_is_counted_at_the_first_go_only() -> None:
    again = f"write U1 imei={ws.imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0"
    world = play(ws.PERSONAL + f"""
        08:13  FIN-1     test U1 failed      accepted
        08:14  REPAIR-1  repair U1           accepted
        08:15  PER-1     {again}             accepted
        08:16  FIN-1     test U1             accepted
        08:17  OQC-1     depart U1           accepted
    """)  # fmt: skip
    phone = {"ASM-1", "PER-1", "FIN-1", "OQC-1"}

    def of_phone(metric: str) -> dict[str, int]:
        return {station: count for station, count in tally(world, metric).items() if station in phone}

    assert of_phone("passed") == {"ASM-1": 1, "PER-1": 2, "FIN-1": 1, "OQC-1": 1}
    assert of_phone("first_passed") == {"ASM-1": 1, "PER-1": 1, "OQC-1": 1}
    assert of_phone("failed") == of_phone("first_failed") == {"FIN-1": 1}


def test_boards_of_a_panel_are_counted_singly() -> None:
    world = play(ws.PLACED + """
        08:02  AOI-1  inspect P1 failed @2   accepted
        08:03  AOI-1  scrap P1 @2            accepted
        08:04  DEP-1  split P1 into B1=1 B3=3 B4=4  accepted
    """)  # fmt: skip
    assert tally(world, "passed") == {"SMT-1": 4, "AOI-1": 3, "DEP-1": 3}
    assert tally(world, "first_passed") == {"SMT-1": 4, "AOI-1": 3, "DEP-1": 3}
    assert (tally(world, "first_failed"), tally(world, "scrapped")) == ({"AOI-1": 1}, {"AOI-1": 1})


def test_one_board_cannot_fill_two_roles() -> None:
    """Not even as a part and as its alternate, in one scan."""
    first, *rest = ws.PHONE.steps
    two = (KeyPart("PCBA", (), "board", True, "MAIN"), KeyPart("PCBA-B", (), "second", True, "MAIN"))
    twin = msgspec.structs.replace(
        ws.PHONE, steps=(msgspec.structs.replace(first, key_parts=two), *rest)
    )  # fmt: skip
    world = play(ws.PHONE_BORN + """
        08:11  ASM-1  install U1 board=PCBA:B1 second=PCBA-B:B1   keypart.already_used
        08:11  ASM-1  install U1 board=PCBA:B1 second=PCBA-B:B2   accepted
    """, twin)  # fmt: skip
    assert {world.units[name].parent for name in ("B1", "B2")} == {"U1"}


def test_depanelling_needs_the_material_of_its_step() -> None:
    depanel = msgspec.structs.replace(ws.MAIN.steps[2], materials=ws.MAIN.steps[0].materials)
    steps = (*ws.MAIN.steps[:2], depanel, ws.MAIN.steps[3])
    play(ws.PLACED + """
        08:02  AOI-1  inspect P1                          accepted
        08:03  DEP-1  split P1 into B1=1 B2=2 B3=3 B4=4   material.not_loaded
    """, msgspec.structs.replace(ws.MAIN, steps=steps))  # fmt: skip


def test_a_failure_in_a_magazine_is_not_forgotten_when_the_unit_is_taken_out() -> None:
    """A unit may ride in a container between steps; out of it, failed is still failed."""
    ride = msgspec.structs.replace(ws.TABLET.steps[1], number=1)
    test = msgspec.structs.replace(ws.TABLET.steps[0], number=2)
    world = play("""
        08:00  FIN-1   start T1 order WO-TABLET        accepted
        08:01  PACK-1  pack T1 into MAGAZINE           accepted
        08:02  FIN-1   test T1 failed                  accepted
        08:03  PACK-1  unpack T1 from MAGAZINE         accepted
        08:04  PACK-1  pack T1 into MAGAZINE           unit.failed
        08:05  FIN-1   test T1                         unit.failed
    """, msgspec.structs.replace(ws.TABLET, steps=(ride, test)))  # fmt: skip
    assert world.units["T1"].state == "failed"
