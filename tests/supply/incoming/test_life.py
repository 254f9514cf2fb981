"""Shelf life and floor life: what the clock of a lot says at a moment, to the second."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karkhana.kernel.refusals import Refused
from karkhana.supply.incoming.life.rules import (
    BAKED,
    DRY,
    OPENED,
    SEALED,
    TICKS,
    Life,
    Tick,
    check_life,
    check_msl,
    clock_of,
    expiry,
    left,
    levels,
)

START = dt.datetime(2026, 6, 1, 8, tzinfo=dt.UTC)
HOUR = 3600


def at(hours: float) -> dt.datetime:
    return START + dt.timedelta(hours=hours)


def ticks(*pairs: tuple[float, str]) -> tuple[Tick, ...]:
    return tuple(Tick(at(hours), what) for hours, what in pairs)


@pytest.mark.parametrize(
    ("msl", "hours"),
    [
        ("1", None),
        ("2", 365 * 24),
        ("2a", 4 * 7 * 24),
        ("3", 168),
        ("4", 72),
        ("5", 48),
        ("5a", 24),
        ("6", None),
    ],
)
def test_floor_life_of_each_level(msl: str, hours: int | None) -> None:
    assert levels()[msl].hours == hours
    assert levels()[msl].bake_first == (msl == "6")


def test_sealed_bag_spends_nothing() -> None:
    assert clock_of((), (), at(5000)).seconds == 0


def test_clock_runs_from_opening() -> None:
    clock = clock_of(ticks((1, OPENED)), (), at(4))
    assert (clock.seconds, clock.running, clock.since) == (3 * HOUR, True, at(1))


def test_clock_runs_from_the_first_load_when_nobody_opened_the_bag() -> None:
    assert clock_of((), (at(9), at(2)), at(10)).seconds == 8 * HOUR
    assert clock_of(ticks((1, OPENED)), (at(2),), at(10)).seconds == 9 * HOUR


def test_dry_cabinet_and_sealing_stop_it() -> None:
    for what in (DRY, SEALED):
        found = ticks((0, OPENED), (3, what), (50, OPENED))
        assert clock_of(found, (), at(40)).seconds == 3 * HOUR
        assert clock_of(found, (), at(52)).seconds == 5 * HOUR


def test_a_load_out_of_the_dry_cabinet_starts_it_again() -> None:
    assert clock_of(ticks((0, OPENED), (3, DRY)), (at(0.5), at(10)), at(12)).seconds == 5 * HOUR


def test_bake_sets_it_to_nothing() -> None:
    found = ticks((0, OPENED), (100, BAKED))
    assert clock_of(found, (), at(100)).seconds == 0
    assert clock_of(found, (), at(101)).seconds == HOUR, "it runs again from the end of the bake"
    assert clock_of((*found, *ticks((102, SEALED))), (), at(900)).seconds == 2 * HOUR


def test_what_comes_later_does_not_count() -> None:
    assert clock_of(ticks((0, OPENED), (100, BAKED)), (), at(50)).seconds == 50 * HOUR


def test_exposure_is_exact_to_the_second() -> None:
    third = dt.timedelta(seconds=20)
    found = []
    for number in range(1, 181):
        found += [Tick(START + (2 * number) * third, OPENED), Tick(START + (2 * number + 1) * third, DRY)]
    assert clock_of(found, (), at(1000)).seconds == HOUR


def test_limit_is_kept_to_the_second() -> None:
    life = Life(msl="3", ticks=ticks((0, OPENED)))
    last = at(168)
    assert check_life([life], last, last.date()) is None
    stop = check_life([life], last + dt.timedelta(microseconds=1), last.date())
    assert stop is not None
    assert (stop.why, stop.spent, stop.limit) == ("floor_life", 168 * HOUR + 1, 168 * HOUR)
    assert left(life, last) == 0
    assert left(life, at(100)) == 68 * HOUR
    assert left(Life(msl="1", ticks=ticks((0, OPENED))), at(10**5)) is None


def test_level_6_is_baked_first_and_then_used_within_its_label() -> None:
    life = Life(msl="6", label_hours=6)
    assert check_life([life], at(0), START.date()).why == "bake_first"
    baked = Life(msl="6", label_hours=6, ticks=ticks((0, BAKED)))
    assert check_life([baked], at(6), START.date()) is None
    assert check_life([baked], at(7), START.date()).why == "floor_life"


def test_label_stands_in_for_the_table() -> None:
    life = Life(msl="3", label_hours=24, ticks=ticks((0, OPENED)))
    assert check_life([life], at(25), START.date()).limit == 24 * HOUR


def test_last_day_of_use_is_a_day_of_use() -> None:
    life = Life(expires_on=dt.date(2026, 6, 1))
    assert check_life([life], START, dt.date(2026, 6, 1)) is None
    stop = check_life([life], START, dt.date(2026, 6, 2))
    assert (stop.why, stop.expires_on) == ("expired", dt.date(2026, 6, 1))


def test_the_strictest_of_several_lives_counts() -> None:
    fresh, old = Life(expires_on=dt.date(2027, 1, 1)), Life(expires_on=dt.date(2026, 1, 1))
    assert check_life([fresh, old], START, START.date()).expires_on == dt.date(2026, 1, 1)
    assert check_life([fresh, fresh], START, START.date()) is None
    assert check_life([], START, START.date()) is None


def test_expiry_follows_from_the_day_of_manufacture() -> None:
    made = dt.date(2026, 1, 1)
    assert expiry(made, None, 365) == dt.date(2027, 1, 1)
    assert expiry(made, dt.date(2026, 6, 1), 365) == dt.date(2026, 6, 1), "the label comes first"
    assert expiry(None, None, 365) is None
    for wrong in (
        lambda: expiry(made, dt.date(2025, 12, 31), None),
        lambda: expiry(dt.date(9999, 1, 1), None, 10**6),
    ):
        with pytest.raises(Refused) as raised:
            wrong()
        assert raised.value.refusal.code == "lot.dates"


def test_levels_are_read_as_labels_write_them() -> None:
    assert check_msl(" MSL 2A ") == "2a"
    assert check_msl("") == ""
    for wrong in ("7", "0", "3b", "\x00", "2 a b"):
        with pytest.raises(Refused):
            check_msl(wrong)


moments = st.integers(0, 10**6).map(lambda seconds: START + dt.timedelta(seconds=seconds))


@given(st.lists(st.builds(Tick, moments, st.sampled_from(TICKS))), st.lists(moments), moments)
def test_clock_never_runs_backwards_nor_faster_than_time(
    found: list[Tick], loaded: list[dt.datetime], now: dt.datetime
) -> None:
    """Exposure is at most the time since the first opening; the order of what is read does not matter."""
    clock = clock_of(found, loaded, now)
    first = min([*loaded, *(tick.at for tick in found if tick.what in (OPENED, BAKED))], default=now)
    assert 0 <= clock.seconds <= max((now - first).total_seconds(), 0)
    assert clock == clock_of(reversed(found), reversed(loaded), now)
