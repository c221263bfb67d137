"""How many files and sockets the process may open, and how many of them are left for connections.

Whoever connects must not use up what the index needs to write: without a descriptor nothing is kept.
"""

import resource
import sys

# The soft limit is raised to this where the hard one allows it: enough for the defaults and every collection.
ENOUGH = 65_536
# Beside connections and collections: 20 in an idle process, files that are backed up, and 128 that collections share
# to read and to merge.
PROCESS = 256
# A collection's database, its log, the log's index, and one that a reader leaves, as `index/descriptors.py` says.
PER_COLLECTION = 4
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
