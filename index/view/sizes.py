"""What rows and their graph take in memory, in bytes, as far as that follows from their numbers alone."""

# USearch begins each vector, and each node with its links, at a multiple of this (measured: 30,000 nodes of 384).
ALIGNED_BYTES = 64
# Of a node on the lowest level: its key, its level, how many links it has, and room for 32.
LOWEST_BYTES = 8 + 2 + 4 + 32 * 4
# Of one on the mean, which may have levels above, of 68 bytes each.
NODE_BYTES = 192 + 5
# Of a place for a node: where it is, where its vector is, and by which key; there are 1.4 places for each as a rule.
PLACE_BYTES, PLACES = 48, 1.4
# Of a row beside its vector: its key, its owner and its node, and whether it is alive.
PLACES_BYTES = 8 + 8 + 8 + 1


def row_bytes(ndim: int) -> int:
    """Return what a row of float16 takes."""
    return 2 * ndim + PLACES_BYTES


def node_bytes(ndim: int) -> int:
    """Return what a node of int8 takes."""
    return ndim + padding(ndim) + NODE_BYTES + round(PLACES * PLACE_BYTES)


def padding(size_bytes: int) -> int:
    """Return how many bytes more lie between one and the next."""
    return -size_bytes % ALIGNED_BYTES


def graph_bytes(serialized_bytes: int, ndim: int, nodes: int, places: int) -> int:
    """Return what a graph takes that is written in so many bytes, with so many nodes, removed ones too, and places."""
    return serialized_bytes + nodes * (padding(ndim) + padding(LOWEST_BYTES)) + places * PLACE_BYTES


def needed_bytes(ndim: int, rows: int, nodes: int) -> int:
    """Return what living rows need of which so many have a node of their own, or will get one at most."""
    return rows * row_bytes(ndim) + min(rows, nodes) * node_bytes(ndim)
