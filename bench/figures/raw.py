"""What the raw results hold, by the command that wrote them. A file may tell more than is named here."""

import msgspec

from bench.machine import Machine


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What every file may say of how it came about."""

    model: str | None = None
    provider: str = "cpu"
    seed: int | None = None
    rounds: int | None = None
    seconds: float | None = None
    machine: Machine | None = None
    versions: dict[str, str] = {}
    flags: dict[str, str] = {}  # of the command, beyond those that have a field of their own


class Peak(msgspec.Struct, frozen=True):
    """The most int8 operations per second that the core has shown, in units of 10^12, and by matmul."""

    tops: float
    tops_by_matmul: dict[str, float] = {}


class OperatorTime(msgspec.Struct, frozen=True):
    """An operator type's milliseconds in a run, its share, and how many nodes it has."""

    ms: float
    share: float
    nodes: int


class Kernels(Measured, frozen=True, kw_only=True):
    """Speed ratios of pairs of graphs by shape; `noise` is each one's interquartile range."""

    ratios: dict[str, dict[str, float]]
    noise: dict[str, dict[str, float]]
    ms: dict[str, dict[str, float]] = {}
    ratios_all_cores: dict[str, dict[str, float]] = {}
    noise_all_cores: dict[str, dict[str, float]] = {}
    ms_all_cores: dict[str, dict[str, float]] = {}
    peak: Peak | None = None
    peak_fraction: dict[str, float] = {}
    operators: dict[str, dict[str, OperatorTime]] = {}
    variants: dict[str, str] = {}
    skipped: dict[str, str] = {}
    stock_versions: dict[str, str] = {}
    openvino_versions: dict[str, str] = {}
    openvino_precision: dict[str, str] = {}


class Compared(msgspec.Struct, frozen=True):
    """Rows that were compared in other company, and how many had other bits."""

    rows_compared: int
    rows_different: int


class BatchInvariance(msgspec.Struct, frozen=True):
    """The same altogether, and by way: as served, by one thread, on all cores."""

    rows_compared: int
    rows_different: int
    ways: dict[str, Compared] = {}


class VariantFidelity(msgspec.Struct, frozen=True):
    """A variant on one set."""

    spearman: float
    cosine_mean: float
    cosine_min: float


class SetFidelity(msgspec.Struct, frozen=True):
    """One set: fp32, and every other variant."""

    texts: int
    spearman_fp32: float
    variants: dict[str, VariantFidelity]


class Fidelity(Measured, frozen=True, kw_only=True):
    """How true the served embeddings are to fp32 on the dev set, and in `sets` every variant's on every set."""

    variant: str
    texts: int
    cosine_mean: float
    cosine_min: float
    spearman_fp32: float
    spearman_served: float
    batch_invariance: BatchInvariance
    sets: dict[str, SetFidelity] = {}
    refused: dict[str, str] = {}


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """A server: what it is, why it did not run if it did not, and what does not depend on the row."""

    about: str = ""
    skipped: str | None = None
    cold_start_s: list[float | None] = []
    cosine_mean: float | None = None
    cosine_min: float | None = None
    batch_cosine_min: float | None = None
    batch_bits_equal: bool | None = None
    versions: dict[str, str] = {}


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """A server under one row's load: a value for each round."""

    requests_per_s: list[float | None] = []
    texts_per_s: list[float | None] = []
    tokens_per_s: list[float | None] = []
    p50_ms: list[float | None] = []
    p99_ms: list[float | None] = []
    p999_ms: list[float | None] = []
    errors: list[int] = []
    rss_mb: list[float | None] = []
    server_cores: list[float | None] = []
    generator_cores: list[float | None] = []


class Goal(msgspec.Struct, frozen=True):
    """A figure that was wished for, what came, and whether that is enough; None where it was not measured."""

    goal: float
    value: float | None = None
    met: bool | None = None


class Peers(Measured, frozen=True, kw_only=True):
    """Servers side by side: their loads by row, then by server."""

    peers: dict[str, Peer]
    rows: dict[str, dict[str, Load]]
    goals: dict[str, Goal] = {}


class Door(Measured, frozen=True, kw_only=True):
    """One text of the cache, asked for by so many connections: by server, and by dialect of the one with keys."""

    doors: dict[str, Load]
    dialects: dict[str, Load] = {}
    goals: dict[str, Goal] = {}
    connections: int


class Ragged(Measured, frozen=True, kw_only=True):
    """Ways of making runs of the same texts on one core, speed ratios of pairs of them, and a lone text by cores."""

    variant: str
    texts: int
    tokens: int
    batch_texts: int
    max_tokens_per_run: int
    runs: dict[str, int]
    computed_tokens: dict[str, int]
    rounds_tokens_per_s: dict[str, list[float]]
    ratios: dict[str, float]
    noise: dict[str, float]
    lone_ms: dict[str, dict[str, float]] = {}
    all_cores_time_share: dict[str, float] = {}
    all_cores_time_share_noise: dict[str, float] = {}


class Nested(Measured, frozen=True, kw_only=True):
    """Figures in tables of any depth, by their names in the file."""

    figures: dict[str, object]
