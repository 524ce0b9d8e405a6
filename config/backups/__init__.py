"""The whole database in one file, and back again, with proof that both are equal.

Nothing here is Stockroom's own format but the manifest: the rest is pg_dump's, in a zip archive.
"""

from .archive import Archive
from .errors import BackupError
from .inventory import Comparison
from .making import make
from .manifest import Manifest
from .restoring import restore
from .scratch import verify

__all__ = ["Archive", "BackupError", "Comparison", "Manifest", "make", "restore", "verify"]
