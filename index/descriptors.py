"""How many collections may be open at a time: as many as the process may open files for.

A collection whose writer finds no descriptor breaks; one that would not fit is not made.
"""

import resource

from index.errors import StorageFullError

# The database of a collection, its log, the log's index, and one more of the database that a reader has opened. Each
# further reader at the same time takes two, of which one stays.
PER_COLLECTION = 4
# Of all collections together: connections that are free or that read, the words that are written, snapshots.
SHARED = 128
# What a process that serves needs beside, 144 of it for connections.
OTHERS = 272


def check_room(collections: int) -> None:
    """Raise StorageFullError unless there are descriptors for so many collections."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = (soft - SHARED - OTHERS) // PER_COLLECTION
    if soft != resource.RLIM_INFINITY and collections > max(1, most):
        raise StorageFullError(
            f"the process may open {soft} files, which is enough for {max(1, most)} collections; raise that limit "
            "(ulimit -n, or LimitNOFILE= of systemd), or drop a collection"
        )
