"""``karkhana replay FILE...``: feed events from JSON-lines files through the gate."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from karkhana.kernel.refusals import refuse

app = typer.Typer()
LINE_MAX = 4 * 1024 * 1024
BATCH = 5_000


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="JSON lines: one event a line.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Replay events from files; print the rate and refusals by reason.

    A file may be replayed twice: no event is written twice.
    """
    for path in files:
        _check(path)
    from karkhana.cli._progress import progress_bar
    from karkhana.cli._run import django_ready, print_json

    django_ready()
    with progress_bar("Replaying") as progress:
        found = replay_files(files, progress)
    if as_json:
        print_json(found)
    else:
        _show(found)


def _check(path: Path) -> None:
    if not path.is_file():
        raise refuse("file.missing", "There is no file {path}.", "Check the path.", path=str(path))


def replay_files(files: list[Path], progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Feed files through the gate in batches and sum up what became of the events.

    Args:
        progress: told (bytes done, bytes in all).

    Returns:
        ``events``, ``accepted``, ``refused``, ``repeated``, ``refusals`` by code, ``examples`` (file, line
        and reason of the first of each code), ``seconds``, ``rate``.
    """
    from karkhana.floor.operations import record_events
    from karkhana.site.collector import calm_collector

    calm_collector()
    status: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    examples: dict[str, dict[str, Any]] = {}
    total = sum(path.stat().st_size for path in files)
    done = 0
    began = time.perf_counter()
    for places, batch in _batches(files):
        for place, outcome in zip(
            places, record_events(batch, recorded_at=dt.datetime.now(dt.UTC)), strict=True
        ):
            status[outcome.status] += 1
            if outcome.status == "refused" and outcome.refusal is not None:
                codes[outcome.refusal.code] += 1
                file, line = place
                reason = {"file": file, "line": line, **outcome.refusal.as_dict()}
                examples.setdefault(outcome.refusal.code, reason)
        done += sum(len(line) + 1 for line in batch)
        progress(min(done, total), total)
    seconds = time.perf_counter() - began
    count = sum(status.values())
    return {
        "events": count,
        "accepted": status["accepted"],
        "refused": status["refused"],
        "repeated": status["repeated"],
        "refusals": dict(codes.most_common()),
        "examples": list(examples.values()),
        "seconds": round(seconds, 3),
        "rate": round(count / seconds) if seconds else 0,
    }


def _batches(files: list[Path]) -> Iterator[tuple[list[tuple[str, int]], list[bytes]]]:
    places: list[tuple[str, int]] = []
    batch: list[bytes] = []
    for path in files:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(LINE_MAX):
                number += 1
                if not line.strip():
                    continue
                places.append((str(path), number))
                batch.append(line.strip())
                if len(batch) == BATCH:
                    yield places, batch
                    places, batch = [], []
    if batch:
        yield places, batch


def _show(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(
        f"{found['events']} events in {found['seconds']} s ({found['rate']} a second):"
        f" {found['accepted']} accepted,"
        f" {found['refused']} refused, {found['repeated']} recorded before",
        style="bold",
    )
    if found["refusals"]:
        table = Table("reason", "refused", "first at", "sentence")
        first = {example["code"]: example for example in found["examples"]}
        for code, count in found["refusals"].items():
            example = first[code]
            table.add_row(code, str(count), f"{example['file']}:{example['line']}", example["message"])
        console.print(table)
