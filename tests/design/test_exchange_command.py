"""``karkhana export release`` and ``karkhana import release``: exit by refusal, nothing overwritten, JSON."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from design import office
from karkhana.cli import _run, export, imports
from karkhana.design.exchange import read
from karkhana.kernel.refusals import Refused

RUN = CliRunner()


@pytest.fixture
def board(rolled_back: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Release a board; the commands stand on this test's database."""
    monkeypatch.setattr(_run, "django_ready", lambda role="app": None)
    office.product()
    return office.released().package_hash or ""


def refusal(done: Result) -> str:
    assert isinstance(done.exception, Refused), done.output
    return done.exception.refusal.code


def test_out_and_in_again(board: str, tmp_path: Path) -> None:
    file = tmp_path / "board.zip"
    wrote = RUN.invoke(export.app, ["release", "BOARD", "A", "--out", str(file), "--json"])
    assert json.loads(wrote.stdout) == {
        "product": "BOARD", "revision": "A", "hash": board, "file": str(file), "bytes": file.stat().st_size,
    }  # fmt: skip
    with zipfile.ZipFile(file) as archive:
        assert hashlib.sha256(archive.read("package.json")).hexdigest() == board
    done = RUN.invoke(imports.app, ["release", str(file), "--json"])
    assert json.loads(done.stdout) == {
        "product": "BOARD", "revision": "A", "hash": board, "made": False, "documents": 0, "approvals": 0,
        "unknown_signers": [],
    }  # fmt: skip
    told = RUN.invoke(imports.app, ["release", str(file)]).stdout
    assert f"BOARD A with the hash {board} is here already, the same." in told


def test_a_file_is_not_written_over(board: str, tmp_path: Path) -> None:
    file = tmp_path / "board.zip"
    file.write_text("mine")
    arguments = ["release", "BOARD", "A", "--out", str(file)]
    assert refusal(RUN.invoke(export.app, arguments)) == "exchange.file_exists"
    assert file.read_text() == "mine"
    assert RUN.invoke(export.app, [*arguments, "--force"]).exit_code == 0
    assert zipfile.is_zipfile(file)


def test_what_cannot_be_is_refused(board: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = ["--out", str(tmp_path / "no" / "such" / "folder.zip")]
    assert refusal(RUN.invoke(export.app, ["release", "BOARD", "A", *out])) == "exchange.not_written"
    assert refusal(RUN.invoke(export.app, ["release", "BOARD", "Z", *out])) == "revision.unknown"
    for name in (str(tmp_path), str(tmp_path / "gone.zip")):
        assert refusal(RUN.invoke(imports.app, ["release", name])) == "exchange.no_file"
    file = tmp_path / "picture.png"
    file.write_bytes(b"\x89PNG")
    assert refusal(RUN.invoke(imports.app, ["release", str(file)])) == "exchange.not_zip"
    monkeypatch.setattr(read, "FILE_MAX", 3)
    assert refusal(RUN.invoke(imports.app, ["release", str(file)])) == "exchange.too_large"
