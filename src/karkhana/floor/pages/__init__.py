"""The floor's pages: boards, lists, one unit, recall and the station screen."""

from karkhana.floor.pages.boards import (
    line,
    line_live,
    lines,
    overview,
    overview_live,
    stations,
)
from karkhana.floor.pages.lists import refusals, search, units
from karkhana.floor.pages.recall import recall_csv, recall_page
from karkhana.floor.pages.station import station, station_scan
from karkhana.floor.pages.unit import unit, unit_graph

__all__ = [
    "line",
    "line_live",
    "lines",
    "overview",
    "overview_live",
    "recall_csv",
    "recall_page",
    "refusals",
    "search",
    "station",
    "station_scan",
    "stations",
    "unit",
    "unit_graph",
    "units",
]
