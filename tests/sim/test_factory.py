"""The simulated factory: deterministic, in order, typed, complete, and as the gate decides."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec
import pytest

from karkhana.floor.operations import Outcome, record_events
from karkhana.ledger.events import AnyEvent
from karkhana.sim.factory import Factory
from karkhana.sim.live import LiveFactory, take_snapshot
from karkhana.sim.numbers import Numbers, with_luhn
from karkhana.sim.pools import Draws
from karkhana.sim.scenario import Scenario, install, load_scenario
from karkhana.sim.timeline import Chunk

START = dt.datetime(2026, 3, 2, 6, 0, tzinfo=ZoneInfo("Asia/Kolkata"))
DAY = dt.timedelta(hours=24)
_EVENT = msgspec.json.Decoder(AnyEvent)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario()


def _digest(chunks: Iterable[Chunk]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk.encode())
        digest.update(repr(sorted(chunk.expected.items())).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_bytes(scenario: Scenario) -> None:
    def run(seed: int) -> str:
        return _digest(Factory.whole(scenario, start=START, seed=seed, scale=0.01).run(START + DAY / 4))

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_events_are_typed_in_order_and_carry_each_id_once(scenario: Scenario) -> None:
    latest, ids, resent = START - dt.timedelta(minutes=1), set(), 0
    for chunk in Factory.whole(scenario, start=START, scale=0.01).run(START + DAY):
        for index, text in enumerate(chunk.events):
            wanted = chunk.expected.get(index)
            code = wanted.code if wanted else None
            if code == "event.malformed":
                continue
            event = _EVENT.decode(text)
            if wanted is None:
                assert latest <= event.at < chunk.ends_at
                latest = event.at
                assert event.id not in ids
            resent += wanted is not None and wanted.status == "repeated"
            ids.add(event.id)
    assert resent > 0


def test_a_day_has_the_planned_devices_and_events(scenario: Scenario) -> None:
    """Counted at a tenth of the plan, so that the test is quick."""
    factory = Factory.whole(scenario, start=START, scale=0.1, window=600)
    events = sum(len(chunk.events) for chunk in factory.run(START + DAY))
    glass = 600
    assert 0.9 * 6_600 < factory.finished - glass < 1.1 * 6_600
    assert 170_000 < events < 230_000


def test_every_kind_of_wrong_attempt_happens(scenario: Scenario) -> None:
    factory = Factory.whole(scenario, start=START, scale=0.1, window=600)
    codes = Counter(wanted.code for chunk in factory.run(START + DAY) for wanted in chunk.expected.values())
    needed = {
        "route.step_skipped", "route.step_repeated", "unit.wrong_product", "unit.wrong_revision",
        "unit.unknown", "unit.failed", "unit.held", "unit.scrapped", "unit.ended", "unit.exists",
        "material.wrong_part",
        "lot.unknown", "keypart.already_used", "keypart.wrong_part", "keypart.not_passed",
        "identity.malformed", "identity.already_used", "identity.out_of_range", "identity.missing",
        "firmware.not_released",
        "operator.not_certified", "operator.unknown", "packing.unfinished", "packing.other_brand",
        "packing.full", "packing.already_packed", "event.late", "event.time", "event.malformed",
        "event.conflict",
        "panel.positions", "repair.not_failed", "repair.wrong_station", "route.complete",
    }  # fmt: skip
    assert needed <= codes.keys()


def test_numbers_never_meet() -> None:
    assert with_luhn("49015420323751") == "490154203237518"
    one, two = Numbers(START.date(), run="A"), Numbers(START.date(), run="B")
    assert one.serial("X") != two.serial("X")
    rule = next(iter(load_scenario().products["OST-P7"].spec.identity))
    value = one.identity(rule, 7)
    assert value != Numbers(START.date() + dt.timedelta(days=1)).identity(rule, 7)
    assert one.number_of(rule, value) == 7


def _differences(chunk: Chunk, outcomes: list[Outcome]) -> Counter[tuple[str, str | None, str, str | None]]:
    found: Counter[tuple[str, str | None, str, str | None]] = Counter()
    for index, outcome in enumerate(outcomes):
        wanted = chunk.expected.get(index)
        want = (wanted.status, wanted.code) if wanted else ("accepted", None)
        got = (outcome.status, outcome.refusal.code if outcome.refusal else None)
        if want != got:
            found[(*want, *got)] += 1
    return found


@pytest.mark.django_db(transaction=True)
def test_the_gate_says_exactly_what_the_factory_expects(scenario: Scenario) -> None:
    install(scenario, today=START.date())
    wrong: Counter[tuple[str, str | None, str, str | None]] = Counter()
    count = 0
    factory = Factory.whole(scenario, start=START, scale=0.01, window=600, draws=Draws(START.date()))
    for chunk in factory.run(START + DAY):
        count += len(chunk.events)
        wrong += _differences(chunk, record_events(chunk.encode(), recorded_at=chunk.ends_at))
    assert not wrong
    assert count > 20_000


@pytest.mark.django_db(transaction=True)
def test_a_live_factory_goes_on_where_an_earlier_run_stopped(scenario: Scenario) -> None:
    # Another month than the other tests: the record is append-only, so their events stay in it.
    start = START + dt.timedelta(days=40)
    install(scenario, today=start.date())
    now = start + dt.timedelta(hours=3)
    draws = Draws(start.date())
    for chunk in Factory.whole(scenario, start=start, scale=0.01, window=600, draws=draws).run(now):
        record_events(chunk.encode(), recorded_at=chunk.ends_at)
    wrong: Counter[tuple[str, str | None, str, str | None]] = Counter()
    for _ in range(2):
        snapshot = take_snapshot()
        assert snapshot.units
        assert snapshot.mounted
        live = LiveFactory(scenario, snapshot, now=now, scale=0.01, draws=draws)
        for _ in range(24):
            now += dt.timedelta(minutes=5)
            for chunk in live.tick(now):
                wrong += _differences(chunk, record_events(chunk.encode(), recorded_at=now))
    assert not wrong
    # Some wait for their box to fill, for a board, or in a bath; the others have gone on.
    before = {(unit.serial, unit.next_step) for unit in snapshot.units}
    after = {(unit.serial, unit.next_step) for unit in take_snapshot().units}
    assert len(before - after) > 10
