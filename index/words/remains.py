"""What an index's folder still has of documents that were removed: words in segments, and files that are no segment's.

tantivy marks a document as deleted, and leaves its words in the segment until it merges that with others, which it may
never do. A segment whose documents were all written again elsewhere is empty, and goes with the commit.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from index.words.folder import META_FILE


class Deletes(msgspec.Struct, frozen=True):
    num_deleted_docs: int


class Segment(msgspec.Struct, frozen=True):
    segment_id: str
    max_doc: int
    deletes: Deletes | None = None


class Meta(msgspec.Struct, frozen=True):
    """What tantivy says of an index; all else in the file is its own."""

    segments: tuple[Segment, ...]


class Remains(msgspec.Struct, frozen=True):
    """Segments that hold deleted documents, by their place among all: how many documents each has in it or had.

    `strays` says that there are files of former segments.
    """

    segments: dict[int, int]
    strays: bool

    def __bool__(self) -> bool:
        return bool(self.segments) or self.strays


NOTHING = Remains({}, strays=False)


def remains_in(folder: Path | None) -> Remains:
    """Return what is left; None is memory, which is no file. Raises OSError and ValueError."""
    if folder is None:
        return NOTHING
    try:
        segments = msgspec.json.decode((folder / META_FILE).read_bytes(), type=Meta).segments
    except msgspec.DecodeError as error:
        raise ValueError(f"{folder.name}/{META_FILE} is damaged") from error
    held = {place: one.max_doc for place, one in enumerate(segments) if one.deletes and one.deletes.num_deleted_docs}
    return Remains(held, strays=has_strays(folder, segments))


def has_strays(folder: Path, segments: Sequence[Segment]) -> bool:
    """Say whether there are files of segments that are not among these. Raises OSError."""
    known = {one.segment_id.replace("-", "") for one in segments}
    names = (path.name for path in folder.iterdir())
    return any(name.partition(".")[0] not in known for name in names if not name.startswith(".") and name != META_FILE)
