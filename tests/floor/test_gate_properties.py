"""Whatever is sent in whatever order: the rules refuse or apply, and what must always be true stays true."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floor import workshop as ws
from floor.chaos import DECODER, STATIONS, Chaos
from karkhana.floor.rules import World, apply, decide
from karkhana.ledger.state import Unit


def check_unit(world: World, unit: Unit) -> None:
    """What must be true of one unit at any time."""
    assert unit.holds >= 0, unit
    assert unit.repairs >= 0, unit
    if unit.kind == "container":
        inside = [u for u in world.units.values() if u.parent == unit.serial]
        assert unit.positions == len(inside), unit
        assert {u.brand for u in inside} <= {unit.brand}, unit
        return
    release = world.release_of(unit)
    assert 1 <= unit.next_step <= release.last_step + 1, unit
    if unit.state in ("complete", "packed"):
        assert unit.next_step == release.last_step + 1, unit
        owed = {part.role for step in release.steps for part in step.key_parts}
        assert owed == set(unit.bound), unit
    if unit.state == "in_process":
        assert unit.next_step <= release.last_step, unit
    if unit.state == "failed":
        assert unit.failed_steps, unit
        assert unit.failed_mask, unit
    assert unit.failed_mask & unit.scrapped_mask == 0, unit
    assert unit.repairs <= release.repair_limit, unit
    assert len(unit.bound) == len(set(unit.bound)), unit
    if unit.state == "packed":
        assert unit.parent is not None, unit


def check_world(world: World) -> None:
    """What must be true of a whole factory at any time."""
    for unit in world.units.values():
        check_unit(world, unit)
        seen = {unit.serial}
        parent = unit.parent
        while parent is not None:
            assert parent not in seen, f"{unit.serial} is inside itself"
            seen.add(parent)
            parent = world.units[parent].parent
    open_edges = [edge for edge in world.changes.edges if edge.removed_at is None]
    for edge in open_edges:
        if edge.own:
            assert edge.child is not None
            child = world.units[edge.child]
            assert (child.parent, child.state) == (edge.parent, "installed"), edge
    children = Counter((edge.child, None if edge.own else edge.part) for edge in open_edges if edge.child)
    assert all(count == 1 for count in children.values()), children
    bound = Counter(edge.parent for edge in open_edges)
    assert all(bound[unit.serial] == len(unit.bound) for unit in world.units.values())
    keys = [(claim.space, claim.value) for claim in world.changes.claims]
    assert len(keys) == len(set(keys)), "an identity was given twice"
    for unit in world.units.values():
        covering = [h for h in world.holds.values() if unit.serial in h.members and h.released_at is None]
        assert unit.holds == len(covering), unit


@pytest.mark.parametrize("seed", range(12))
def test_a_long_story_keeps_what_must_be_true(seed: int) -> None:
    chaos = Chaos(seed)
    said: Counter[str] = Counter()
    for number, (_, _, refusal) in enumerate(chaos.events(400)):
        said[refusal.code if refusal else "accepted"] += 1
        if number % 5 == 0:
            check_world(chaos.world)
    check_world(chaos.world)
    assert said["accepted"] > 150
    assert len(said) > 15


SERIALS = ("P1", "U1", "B1", "B2", "T1", "BOX1", "CARTON1")
ONE = st.sampled_from(SERIALS)
WORDS = st.one_of(
    st.tuples(st.sampled_from(("arrive", "depart", "process", "test", "inspect", "repair", "scrap")), ONE),
    st.tuples(st.sampled_from(("process", "test", "inspect")), ONE, st.sampled_from(("failed", "failed @1"))),
    st.tuples(st.just("start"), ONE, st.just("order"), st.sampled_from(tuple(ws.ORDERS)),
              st.sampled_from(("x1", "x4"))),
    st.tuples(st.just("scrap"), ONE, st.sampled_from(("@1", "@1,2,3,4", "@60"))),
    st.tuples(st.sampled_from(("load", "unload")), st.just("CAP-1"), st.just("CAP on F1")),
    st.tuples(st.just("receive"), st.sampled_from(("CAP-1", "G")), st.sampled_from(("CAP", "GLUE")),
              st.just("5 SUP")),
    st.tuples(st.just("split"), ONE, st.just("into"), st.sampled_from(("B1=1", "B1=1 B2=2 B3=3 B4=4"))),
    st.tuples(st.just("split"), ONE, st.just("into lot:NEW:RES:1")),
    st.tuples(st.just("split lot:G:1 lot:CAP-1:2 into"), st.sampled_from(("lot:MIX:GLUE:3", "B1=1"))),
    st.tuples(st.just("install"), ONE, st.sampled_from((
        "board=PCBA:B1", "board=PCBA:B2 battery=BAT:x", "glue=GLUE::G", "battery=BAT:x glue=GLUE::G"))),
    st.tuples(st.just("remove"), ONE, st.sampled_from(("board", "battery", "glue board"))),
    st.tuples(st.just("write"), ONE, st.sampled_from((
        f"imei={ws.imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0", "label=PH1", "fw=9", "mac=x imei=1"))),
    st.tuples(st.just("pack"), ONE, st.just("into"), ONE, st.sampled_from(("box", "carton", "pallet"))),
    st.tuples(st.just("unpack"), ONE, st.just("from"), ONE),
    st.tuples(st.just("ship"), ONE, st.sampled_from(("as S1", "as S2"))),
    st.tuples(st.just("hold unit"), ONE, st.sampled_from(("as H1", "as H2"))),
    st.sampled_from((("hold lot CAP-1 as H3",), ("hold work_order WO-MAIN as H4",), ("release H1",),
                     ("release H2",), ("release H3",), ("release H4",))),
)  # fmt: skip
SENTENCES = st.tuples(st.sampled_from(STATIONS), WORDS, st.integers(-200, 90))


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SENTENCES, max_size=40))
def test_any_sequence_is_refused_or_applied(story: list[tuple[str, tuple[str, ...], int]]) -> None:
    world = World(ws.pure_reference())
    clock = ws.DAY + dt.timedelta(hours=8)
    for seq, (station, words, seconds) in enumerate(story, start=1):
        clock += dt.timedelta(seconds=seconds)
        body = ws.event(clock.isoformat(), station, " ".join(words))
        event = DECODER.decode(ws.Line("", body, "").raw)
        units = {name: unit_fields(unit) for name, unit in world.units.items()}
        refusal = decide(world, event, ws.NOW)
        assert units == {name: unit_fields(unit) for name, unit in world.units.items()}, "deciding changed it"
        if refusal is None:
            apply(world, event, seq)
        check_world(world)


def unit_fields(unit: Unit) -> tuple[object, ...]:
    return (unit.state, unit.next_step, unit.holds, unit.parent, unit.station, unit.arrived_at, unit.moved_at,
            tuple(unit.bound), tuple(unit.failed_steps), unit.scrapped_mask, unit.positions)  # fmt: skip
