"""The genealogy graph of a unit: what it is made of, laid out as a tree from left to right.

Pure: trace in, boxes and lines with their places out. Bulk material is one box per station until it is
opened, so a phone with sixty materials still fits a screen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

WIDTH, HEIGHT = 224, 44
COLUMN, ROW = 288, 56
GROUP_GAP = 8
MARGIN = 12
LETTERS = 27
SMALL_LETTERS = 34

Kind = Literal["root", "unit", "part", "group", "material", "panel", "container"]


@dataclass(slots=True)
class Node:
    """One box of the graph.

    Args:
        key: unique within the graph; of a group it is what an address opens.
        exact: False where several lots may be in the unit and nobody can say which.
        link: what a click on the box leads to: ("unit", serial), ("lot", lot) or ("part", serial).
        opens: a click opens (True) or closes (False) this group; None where there is nothing to open.
    """

    key: str
    kind: Kind
    title: str
    detail: str = ""
    exact: bool = True
    state: str = ""
    link: tuple[str, str] | None = None
    opens: bool | None = None
    count: int = 0
    children: list[Node] = field(default_factory=list)
    x: int = 0
    y: int = 0

    @property
    def short_title(self) -> str:
        """The title as it fits the box; the end of a serial number says more than its middle."""
        return _fit(self.title, LETTERS)

    @property
    def short_detail(self) -> str:
        """The second line as it fits the box."""
        return _fit(self.detail, SMALL_LETTERS)


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph with its size; ``lines`` are paths of SVG."""

    nodes: tuple[Node, ...]
    lines: tuple[str, ...]
    width: int
    height: int


def _fit(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    head = (letters - 1) * 2 // 3
    return f"{text[:head]}…{text[head - letters + 1 :]}"


def draw(trace: dict[str, Any], opened: Iterable[str] = ()) -> Graph:
    """Lay out the genealogy of a traced unit, with some groups opened."""
    root = _unit_node(trace, "root", frozenset(opened))
    root.kind = "root"
    if trace.get("panel"):
        panel = trace["panel"]
        root.children.insert(0, Node("panel", "panel", panel["serial"], f"#{panel['position']}",
                                     link=("unit", panel["serial"])))  # fmt: skip
    bottom = _place(root, MARGIN, MARGIN)
    nodes = list(_walk(root))
    lines = [_line(node, child) for node in nodes for child in node.children]
    width = max(node.x for node in nodes) + WIDTH + MARGIN
    return Graph(tuple(nodes), tuple(lines), width, bottom + MARGIN)


def _unit_node(unit: dict[str, Any], key: str, opened: frozenset[str]) -> Node:
    node = Node(
        key,
        "unit",
        unit["serial"],
        " ".join(filter(None, (unit.get("product"), unit.get("revision")))),
        state=unit.get("state") or "",
        link=("unit", unit["serial"]),
    )
    installed = [
        _installed_node(item, f"{key}.{number}", opened)
        for number, item in enumerate(unit.get("installed") or ())
    ]
    # What has parts of its own comes last: its boxes then stand below, not between the others.
    node.children = [child for child in installed if not child.children]
    node.children += _material_groups(unit.get("materials") or (), key, opened)
    node.children += [child for child in installed if child.children]
    return node


def _installed_node(item: dict[str, Any], key: str, opened: frozenset[str]) -> Node:
    if item.get("unit"):
        node = _unit_node(item["unit"], key, opened)
        node.detail = f"{item['role']} · {node.detail}"
        return node
    label = item.get("serial") or item.get("lot") or "–"
    serial = item.get("serial")
    link = ("part", serial) if serial else (("lot", item["lot"]) if item.get("lot") else None)
    return Node(key, "part", label, f"{item['role']} · {item['part']}", link=link)


def _material_groups(materials: Iterable[dict[str, Any]], key: str, opened: frozenset[str]) -> list[Node]:
    by_station: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for material in materials:
        by_station[material["station"]].append(material)
    groups = []
    for station, of_station in by_station.items():
        group_key = f"{key}@{station}"
        is_open = group_key in opened
        group = Node(
            group_key,
            "group",
            station,
            exact=all(material["exact"] for material in of_station),
            opens=not is_open,
            count=len(of_station),
        )
        if is_open:
            group.children = [
                _material_node(material, f"{group_key}.{number}")
                for number, material in enumerate(of_station)
            ]
        groups.append(group)
    return groups


def _material_node(material: dict[str, Any], key: str) -> Node:
    candidates = list(dict.fromkeys(c["lot"] for c in material["candidates"]))
    title = candidates[0] if candidates else "–"
    if len(candidates) > 1:
        title = " / ".join(candidates)
    link = ("lot", candidates[0]) if len(candidates) == 1 else None
    return Node(
        key,
        "material",
        title,
        material["part"],
        exact=bool(material["exact"]),
        link=link,
        count=len(candidates),
    )


def _place(node: Node, x: int, y: int) -> int:
    """Place a node beside the middle of its children; return where the next one may begin."""
    node.x = x
    if not node.children:
        node.y = y
        return y + ROW
    below = y
    last: Kind | None = None
    for child in node.children:
        if last is not None and child.kind != last:
            below += GROUP_GAP
        below = _place(child, x + COLUMN, below)
        last = child.kind
    # A parent stands with its first child, not in the middle: the eye starts at the top left.
    node.y = node.children[0].y
    return below


def _walk(node: Node) -> Iterable[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _line(node: Node, child: Node) -> str:
    start_x, start_y = node.x + WIDTH, node.y + HEIGHT / 2
    end_x, end_y = child.x, child.y + HEIGHT / 2
    bend = start_x + (COLUMN - WIDTH) / 2
    if abs(end_y - start_y) < 1:
        return f"M{start_x:g} {start_y:g}H{end_x:g}"
    return f"M{start_x:g} {start_y:g}H{bend - 6:g}q6 0 6 6V{end_y - 6:g}q0 6 6 6H{end_x:g}"
