"""A problem as a TOML file, for the command line: products, candidates (or a table of them), what to reach.

``units`` of a product is a list, or one number for every one of ``months``. ``candidates_file`` names a CSV
or XLSX beside the file. Every refusal names the file, the table and the field.
"""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.choosing.reading import read_candidates, refuse_rows
from karkhana.solving.localising import Problem

BYTES_MAX = 8 * 2**20


def read_problem(path: Path, target: dict[str, Any] | None = None) -> Problem:
    """Read a problem; ``target`` and budget said elsewhere count more than the file's.

    Raises:
        Refused: ``localise_next.file``, ``localise_next.no_target``, ``register.*``.
    """
    said = _tables(path)
    months = said.pop("months", None)
    beside = said.pop("candidates_file", None)
    asked = dict(target or {})
    for name in ("budget", "budget_on"):
        if name in asked:
            said[name] = asked.pop(name)
    own = said.get("target", {})
    if not isinstance(own, dict):
        raise _wrong(path, "target is no table", "Write [target] with by = and amount =.")
    said["target"] = own | asked
    if "by" not in said["target"]:
        raise refuse(
            "localise_next.no_target",
            "{file} does not say by when.",
            "Add [target] with by, or give --by.",
            file=path.name[:120],
        )
    for product in said.get("products", ()) if isinstance(said.get("products"), list) else ():
        if isinstance(product, dict) and isinstance(product.get("units"), int):
            product["units"] = [product["units"]] * _months(path, months)
    if beside is not None:
        found = read_candidates(_beside(path, beside))
        refuse_rows(found, str(beside))
        said["candidates"] = [*said.get("candidates", []), *msgspec.to_builtins(found.candidates)]
    try:
        return msgspec.convert(said, Problem, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong(path, str(error), "Correct it; see docs/localise-next.md.") from None


def with_target(problem: Problem, **said: Any) -> Problem:
    """Return the problem with another target."""
    return msgspec.structs.replace(problem, target=msgspec.structs.replace(problem.target, **said))


def _tables(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _wrong(path, (error.strerror or "cannot be read").lower(), "Check the path.") from None
    if len(data) > BYTES_MAX:
        raise _wrong(path, "is larger than 8 MB", "Give the candidates as a table beside it.")
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _wrong(path, f"is no TOML: {error}", "Correct it at that line.") from None


def _months(path: Path, months: Any) -> int:
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 120:
        raise _wrong(path, "months is not 1 to 120", "Say how many months units stand for: months = 24.")
    return months


def _beside(path: Path, name: Any) -> Path:
    found = path.parent / str(name)
    if not isinstance(name, str) or "\0" in name or not found.is_file():
        raise _wrong(path, f"candidates_file {str(name)[:80]!r} is no file", "Name a file beside it.")
    return found


def _wrong(path: Path, reason: str, next_step: str) -> Refused:
    return refuse(
        "localise_next.file", "{file}: {reason}.", next_step, file=path.name[:120], reason=reason[:300]
    )
