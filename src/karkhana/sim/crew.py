"""Who works where: certified operators by plant, skill and shift, and those who are not certified."""

from __future__ import annotations

from collections import defaultdict
from zoneinfo import ZoneInfo

from karkhana.sim.scenario import Scenario
from karkhana.sim.timeline import from_ms

_HOUR = 3_600_000
_SAFE_DAYS = 60
"""Only people whose certificate holds this long are put on a shift, so that live running stays accepted."""


class Crew:
    """Rosters of the three shifts (06:00, 14:00 and 22:00 plant time)."""

    def __init__(self, scenario: Scenario, start: int) -> None:
        zone = ZoneInfo(scenario.plants[0].time_zone)
        offset = from_ms(start).astimezone(zone).utcoffset()
        assert offset is not None
        self._offset = int(offset.total_seconds()) * 1000
        people = {operator.code: operator for operator in scenario.operators}
        self._certified: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
        held: defaultdict[str, set[str]] = defaultdict(set)
        for row in scenario.certificates:
            who = people[row.operator]
            if row.days_left >= _SAFE_DAYS and row.issued_days_ago > 2:
                self._certified[who.plant, row.skill, who.shift].append(who.code)
            held[who.code].add(row.skill if row.days_left >= 1 else "")
        self._held = held
        self._all = [operator.code for operator in scenario.operators]
        self._turn: defaultdict[str, int] = defaultdict(int)

    def shift(self, at: int) -> int:
        """Return 0, 1 or 2 for shift A, B or C."""
        return ((at + self._offset) // _HOUR - 6) % 24 // 8

    def actors(self, plant: str, station: str, skill: str | None) -> tuple[str, str, str]:
        """Return who works at a station in each shift: an operator with the skill, or the machine itself."""
        if skill is None:
            machine = f"MC-{station}"
            return machine, machine, machine
        self._turn[skill] += 1
        turn = self._turn[skill]
        chosen = [
            pool[turn % len(pool)]
            for letter in "ABC"
            if (pool := self._certified[plant, skill, letter] or self._anyone(skill))
        ]
        return chosen[0], chosen[1], chosen[2]

    def _anyone(self, skill: str) -> list[str]:
        return sorted(
            code for (_, held, _), pool in self._certified.items() if held == skill for code in pool
        )

    def without(self, skill: str, turn: int) -> str:
        """Return an operator who does not hold a skill today, expired ones included."""
        for step in range(len(self._all)):
            code = self._all[(turn + step) % len(self._all)]
            if skill not in self._held[code]:
                return code
        raise AssertionError(f"everybody holds {skill}")
