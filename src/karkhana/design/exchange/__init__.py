"""A release as one ZIP file: built from a package, and read back with everything checked. Pure.

The package inside is the very bytes that were hashed, so a release has the same hash wherever it goes.
"""

from karkhana.design.exchange.build import build_release_file
from karkhana.design.exchange.content import Attachment, ReleaseFile, SignedApproval
from karkhana.design.exchange.read import read_release_file

__all__ = ["Attachment", "ReleaseFile", "SignedApproval", "build_release_file", "read_release_file"]
