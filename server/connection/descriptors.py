"""How many files and sockets the process may open, and how many of them are left for connections.

Whoever connects must not use up what the index needs to write: without a descriptor nothing is kept.
"""

import resource
import sys

# The soft limit is raised to this where the hard one allows it: enough for the defaults and every collection.
ENOUGH = 65_536
# Beside connections and collections: 20 in an idle process, and files that are written, backed up and compacted.
PROCESS = 128
# A collection's database takes 5 at rest (a writer and a reader, each with its log, and the log's index); the others
# are more readers, the lock of its words and what they merge.
PER_COLLECTION = 12
# So many connections are served however little is left.
FEWEST = 16


def raise_limit(max_connections: int) -> int:
    """Raise the soft limit as far as it is of use and the hard one allows; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    now, wanted = _finite(soft), limit_wanted(hard, max_connections)
    while wanted > now:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # the kernel or a sandbox may allow fewer than the hard limit says
            wanted //= 2
        else:
            return wanted
    return now


def limit_wanted(hard: int, max_connections: int) -> int:
    """Return the soft limit that is of use under a hard one; a hard one without end makes nothing large."""
    return min(_finite(hard), max(ENOUGH, 2 * max_connections))


def connections_left(descriptors: int, collections: int, refused: int) -> int:
    """Return how many connections may be open beside so many collections and `refused` connections."""
    return max(FEWEST, descriptors - PROCESS - PER_COLLECTION * collections - refused)


def _finite(limit: int) -> int:
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
