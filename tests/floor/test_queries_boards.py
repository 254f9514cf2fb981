"""What the boards say, and the hours that they say it of."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.queries import board, places, tallies
from karkhana.floor.queries.tallies import Count

UTC = dt.UTC


def count(station: str, first_passed: int, first_failed: int) -> Count:
    return Count(station, ws.DAY, "X", first_passed, first_failed, first_passed, first_failed, 0, 0, 0)


class TestDay:
    def test_of_india_begins_at_its_midnight(self) -> None:
        day = tallies.day_of(ws.IST, dt.datetime(2026, 6, 15, 12, tzinfo=UTC))
        assert day.date == dt.date(2026, 6, 15)
        assert (day.since, day.until) == (
            dt.datetime(2026, 6, 14, 18, 30, tzinfo=UTC),
            dt.datetime(2026, 6, 15, 18, 30, tzinfo=UTC),
        )

    @pytest.mark.parametrize("minute", [0, 29, 31, 59])
    def test_always_holds_now(self, minute: int) -> None:
        for hour in range(24):
            now = dt.datetime(2026, 6, 15, hour, minute, tzinfo=UTC)
            for zone in (ws.IST, "UTC", "Asia/Kathmandu", "America/New_York"):
                day = tallies.day_of(zone, now)
                assert day.since <= now < day.until, (zone, now)

    def test_chart_of_today_shows_the_latest_24_hours_and_of_another_day_its_own(self) -> None:
        now = dt.datetime(2026, 6, 15, 20, 10, tzinfo=UTC)
        today = tallies.chart_hours(tallies.day_of(ws.IST, now), now)
        assert (len(today), today[-1]) == (24, now.replace(hour=19, minute=30))
        past = tallies.day_of(ws.IST, now, dt.date(2026, 6, 1))
        assert tallies.chart_hours(past, now)[0] == past.since


class TestYields:
    def test_roll_over_the_types_of_stations(self) -> None:
        rows = [count("A-1", 9, 1), count("A-2", 9, 1), count("B-1", 8, 2)]
        assert tallies.first_pass_yield(rows) == pytest.approx(26 / 30)
        rolled = tallies.rolled_yield(rows, {"A-1": "A", "A-2": "A", "B-1": "B"})
        assert rolled == pytest.approx(0.9 * 0.8)

    def test_are_unknown_where_nothing_was_tried(self) -> None:
        assert tallies.first_pass_yield([]) is None
        assert tallies.rolled_yield([], {}) is None


def test_stations_of_one_type_go_by_what_their_names_share() -> None:
    assert board.common_name(["Leak tester no. 1", "Leak tester no. 2"]) == "Leak tester"
    assert board.common_name(["Press"]) == "Press"
    assert board.common_name(["North", "South"]) == "North"


@pytest.mark.usefixtures("rolled_back")
class TestBoards:
    @pytest.fixture(autouse=True)
    def _built(self, rolled_back: None) -> None:
        cache.clear()
        story = (
            ws.FINISHED
            + """
            08:20  FIN-1   test U1                   route.step_repeated
            08:21  PACK-1  pack U1 into BOX1         accepted
            08:30  SMT-1   start P2 order WO-MAIN x4  accepted
            08:31  SMT-1   process P2                accepted
            08:32  AOI-1   inspect P2 failed @2      accepted
        """
        )
        for line in ws.lines(story):
            record_events([line.raw], recorded_at=ws.NOW)

    def board(self, line: str, now: dt.datetime = ws.NOW) -> board.LineBoard:
        found = places.find_line(line, places.plants())
        assert found is not None
        return board.line_board(found, now, tallies.day_of(ws.IST, now, ws.DAY.date()))

    def test_output_is_what_left_the_line_counted_as_boards(self) -> None:
        smt = self.board("L-SMT").numbers
        assert (smt.output, smt.failed, smt.in_process) == (2, 4, 2)
        assert self.board("L-ASM").numbers.output == 1

    def test_what_nothing_happens_to_is_stuck(self) -> None:
        assert self.board("L-SMT", ws.when("08:40")).numbers.stuck == 0
        cache.clear()
        late = self.board("L-SMT")
        assert late.numbers.stuck == 3, "P2, B3 and B4"
        assert [row.serial for row in late.waiting][:2] == ["B3", "B4"]

    def test_refusals_are_told_by_reason(self) -> None:
        assert [(r.code, r.count) for r in self.board("L-ASM").reasons] == [("route.step_repeated", 1)]

    def test_hours_add_up_to_the_output(self) -> None:
        assert sum(passed for _, passed in self.board("L-ASM").hours) == 1

    def test_enterprise_counts_devices_and_not_the_boards_inside_them(self) -> None:
        view = board.overview(ws.NOW, tallies.day_of(ws.IST, ws.NOW, ws.DAY.date()))
        assert view.numbers.output == 1
        assert view.numbers.failed == 4
        assert {row.line.code for row in view.plants[0].busy} == {"L-SMT", "L-ASM"}

    def test_polling_costs_a_fixed_number_of_small_reads(self, django_assert_max_num_queries: object) -> None:
        places.packages(frozenset({("MAIN", "A"), ("PHONE", "A")}))
        with django_assert_max_num_queries(9):  # type: ignore[operator]
            board.overview(ws.NOW, tallies.day_of(ws.IST, ws.NOW))
