"""The figures of `bench peers`: what is known of each server, and its rows."""

import msgspec
from msgspec import field

from bench.figures.goal import Goal
from bench.figures.origin import Origin
from bench.figures.peer_rows import RowFigures


class PeerFigures(msgspec.Struct):
    """What is known of a server besides its rows; `skipped` says why it did not run."""

    about: str = ""
    skipped: str | None = None
    cold_start_s: list[float] = []
    cosine_mean: float | None = None
    cosine_min: float | None = None
    batch_cosine_min: float | None = None
    batch_bits_equal: bool | None = None
    versions: dict[str, str] = {}


class PeersFigures(Origin, frozen=True, kw_only=True):
    """Figures by server, and by row and server."""

    peers: dict[str, PeerFigures]
    rows: dict[str, dict[str, RowFigures]]
    goals: dict[str, Goal] = field(default_factory=dict)
