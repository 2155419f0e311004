"""Files in, checked tables out: see `prepare`, which stages files, and `guess`, which proposes how they map."""

from kam_core.ingest.guess import guess
from kam_core.ingest.mapping import Join, Mapping, TableMapping
from kam_core.ingest.prepare import SourceFile, Staged, prepare

__all__ = ["Join", "Mapping", "SourceFile", "Staged", "TableMapping", "guess", "prepare"]
