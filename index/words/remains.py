"""What an index's folder still has of documents that were removed: words in segments, and files that are no segment's.

tantivy marks a document as deleted, and leaves its words in the segment until it merges that with others, which it may
never do. A segment whose documents were all written again elsewhere is empty, and goes with the commit.
"""

from pathlib import Path

import msgspec

from index.words.folder import segments_in, strays_in


class Remains(msgspec.Struct, frozen=True):
    """Segments that hold deleted documents, by their place among all: how many documents each has in it or had.

    `strays` says that there are files that the last commit does not name.
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
    segments = segments_in(folder)
    held = {place: one.max_doc for place, one in enumerate(segments) if one.deletes and one.deletes.num_deleted_docs}
    return Remains(held, strays=bool(strays_in(folder, segments)))
