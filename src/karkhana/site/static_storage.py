"""Collected static files: hashed names, compressed ahead of time."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


class QuickCompressor(Compressor):
    """whitenoise's compressor with brotli at level 9.

    Level 11, its default, takes 20 times as long over plotly's 4.8 MB to save another tenth: too long for
    the first start of a demo.
    """

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data compressed with brotli."""
        return bytes(brotli.compress(data, quality=9))


class StaticStorage(CompressedManifestStaticFilesStorage):
    """The storage that ``karkhana serve`` collects into and the pages are served from."""

    def create_compressor(self, **kwargs: Any) -> Compressor:
        """Return our compressor."""
        return QuickCompressor(**kwargs)
