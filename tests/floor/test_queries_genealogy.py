"""The genealogy graph: pure layout, checked by its places."""

from __future__ import annotations

from typing import Any

from karkhana.floor.pages import genealogy


def material(part: str, station: str, *lots: str) -> dict[str, Any]:
    candidates = [{"lot": lot} for lot in lots]
    return {"part": part, "station": station, "candidates": candidates, "exact": len(lots) == 1}


def trace() -> dict[str, Any]:
    board = {
        "serial": "B1", "product": "MAIN", "revision": "A", "state": "installed", "installed": [],
        "materials": [material(f"R{n}", "SMT-1", f"L{n}") for n in range(60)],
    }  # fmt: skip
    return {
        "serial": "U1", "product": "PHONE", "revision": "A", "state": "packed", "panel": None,
        "installed": [
            {"role": "board", "part": "PCBA", "serial": "B1", "lot": None, "unit": board},
            {"role": "battery", "part": "BAT", "serial": "b1", "lot": None, "unit": None},
        ],
        "materials": [material("GLUE", "ASM-1", "G1", "G2"), material("TAPE", "ASM-1", "T1")],
    }  # fmt: skip


def overlaps(graph: genealogy.Graph) -> bool:
    places = [(node.x, node.y) for node in graph.nodes]
    return any(
        a != b and abs(a[0] - b[0]) < genealogy.WIDTH and abs(a[1] - b[1]) < genealogy.HEIGHT
        for a in places
        for b in places
    )


def test_sixty_materials_are_one_box_until_it_is_opened() -> None:
    closed = genealogy.draw(trace())
    assert len(closed.nodes) == 5
    assert closed.height < 300
    group = next(node for node in closed.nodes if node.title == "SMT-1")
    assert (group.count, group.opens, group.exact) == (60, True, True)
    opened = genealogy.draw(trace(), [group.key])
    assert len(opened.nodes) == 65
    assert not overlaps(closed)
    assert not overlaps(opened)


def test_a_set_of_lots_is_never_drawn_as_one() -> None:
    graph = genealogy.draw(trace(), ["root@ASM-1"])
    glue = next(node for node in graph.nodes if node.detail == "GLUE")
    assert (glue.exact, glue.count, glue.link, glue.title) == (False, 2, None, "G1 / G2")
    tape = next(node for node in graph.nodes if node.detail == "TAPE")
    assert (tape.exact, tape.link) == (True, ("lot", "T1"))


def test_each_box_has_a_line_to_it() -> None:
    graph = genealogy.draw(trace())
    assert len(graph.lines) == len(graph.nodes) - 1


def test_a_long_serial_number_keeps_its_end() -> None:
    node = genealogy.Node("k", "part", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    assert len(node.short_title) == genealogy.LETTERS
    assert node.short_title.endswith("6789")
