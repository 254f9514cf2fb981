"""The house's own rules, for all of it: sizes, no floating point where it counts, nothing from outside."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "karkhana"
FUNCTION_MAX, MODULE_MAX = 70, 600
EXCEPTIONS: frozenset[str] = frozenset()
"""Nothing is excepted. Whoever wants an exception names it here and says why."""
EXACT = ("floor/rules", "kernel", "ledger", "design/release.py", "incentives")
"""Where amounts are exact: no binary floating point."""


def modules(*below: str) -> Iterator[Path]:
    for name in below or ("",):
        path = SOURCE / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def tracked() -> list[Path]:
    """Every file that git knows, or would take."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if found.returncode:
        pytest.skip("this is not a git checkout")
    return [path for line in found.stdout.splitlines() if (path := ROOT / line).is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8000]:
            yield str(path.relative_to(ROOT)), data.decode("utf-8", "replace")


def lines_with(pattern: re.Pattern[str], *, names: str = "") -> list[str]:
    own = str(Path(__file__).relative_to(ROOT))
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        if name != own and re.search(names, name)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_functions_fit_on_a_screen() -> None:
    long = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                name = f"{path.relative_to(SOURCE)}:{node.name}"
                if length >= FUNCTION_MAX and name not in EXCEPTIONS:
                    long.append(f"{name} has {length} lines")
    assert long == []


def test_modules_can_be_read_at_a_sitting() -> None:
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text().splitlines()) for path in modules()}
    assert {name: n for name, n in lengths.items() if n >= MODULE_MAX and name not in EXCEPTIONS} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in [*modules(), *sorted((ROOT / "tests").rglob("*.py"))]
        if path.stat().st_size
        and path.parent.name != "migrations"
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_what_decides_knows_no_floating_point() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in modules(*EXACT)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Constant) and isinstance(node.value, float))
    ]
    assert found == []


def test_rules_know_no_clock_and_no_chance() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {node.attr}"
        for path in modules("floor/rules", "kernel", "ledger/events.py", "ledger/state.py", "incentives")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "random", "uuid4", "environ", "monotonic"}
    ]
    assert found == []


def test_no_path_of_anybodys_machine_and_no_package_registry() -> None:
    homes = "|".join(("home", "Users", "work", "root", "mnt"))
    hosts = "|".join(("pypi\\.org", "files\\.pythonhosted", "registry\\.npmjs", "artifactory"))
    # /home/me stands for anybody's.
    own = rf"(?<![\w.}}/-])/(?:{homes})/(?!me/)[\w.-]+"
    pattern = re.compile(rf"{own}|{hosts}|--(?:extra-)?index-url", re.IGNORECASE)
    assert lines_with(pattern) == []


def test_pages_load_nothing_from_elsewhere() -> None:
    from_elsewhere = re.compile(
        r"""(?:\bsrc\s*=\s*|<link[^>]*\bhref\s*=\s*|\burl\(\s*|@import\s+(?:url\()?|\bfetch\(\s*|\bimport\(\s*)
            ["']?(?:https?:)?//""",
        re.VERBOSE | re.IGNORECASE,
    )
    assert lines_with(from_elsewhere, names=r"^src/.*\.(html|css|js|svg|txt)$") == []


def test_nothing_is_left_for_later() -> None:
    words = "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"))
    assert lines_with(re.compile(rf"\b({words})\b"), names=r"\.(py|html|css|js|toml|md|sql)$|Makefile$") == []


def test_rooms_and_rings_are_held_by_import_linter() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = {contract["id"]: contract for contract in settings["contracts"]}
    assert contracts["house"]["exhaustive"] is True
    assert {"django", "psycopg"} <= set(contracts["pure"]["forbidden_modules"])
    assert "karkhana.*.rules" in contracts["pure"]["source_modules"]
    assert "lint-imports" in (ROOT / "Makefile").read_text()


def test_guides_name_every_command() -> None:
    from karkhana.cli import COMMANDS

    guides = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
    text = "\n".join(path.read_text() for path in guides)
    assert [name for name in COMMANDS if not re.search(rf"\bkarkhana {name}\b|\bmake {name}\b", text)] == []


def test_links_between_guides_lead_somewhere() -> None:
    broken = []
    for path in [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_test_modules_have_names_of_their_own() -> None:
    """Test folders are no packages, so two modules of one name would shadow each other."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
