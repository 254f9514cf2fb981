"""Static files that lie inside installed packages, served without a copy in this repository."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage


class PlotlyFinder(BaseFinder):
    """Finds ``plotly/plotly.min.js`` in the installed plotly wheel."""

    FILE = "plotly.min.js"
    PREFIX = "plotly"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # find_spec does not import plotly, which takes a noticeable time.
        spec = importlib.util.find_spec("plotly")
        places = (spec.submodule_search_locations or []) if spec else []
        self.storage = FileSystemStorage(Path(places[0]) / "package_data") if places else None
        if self.storage is not None:
            # Where collectstatic puts the files of this storage; Django's finders use the same attribute.
            self.storage.prefix = self.PREFIX  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[Any]:
        """Return nothing: there is nothing to configure."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file's place when its path is asked for, as Django's finders do."""
        wanted = self.storage is not None and Path(path).as_posix() == f"{self.PREFIX}/{self.FILE}"
        found = self.storage.path(self.FILE) if self.storage is not None and wanted else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield the one file with its storage."""
        if self.storage is not None and self.storage.exists(self.FILE):
            yield self.FILE, self.storage
