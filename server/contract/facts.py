"""What HTTP reads of the engine once: the model, the variant that serves, and the provider that runs it."""

import datetime

import msgspec


class Fidelity(msgspec.Struct, frozen=True, kw_only=True):
    """Cosines to fp32: mean and least at the export, and the least on the golden probes at the start."""

    mean: float
    least: float
    measured_on: str
    on_probes: float


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """The graph that serves; `refused` says why each variant before it was refused.

    `attention` says in which numbers that of the fused operators computes, f32, bf16 or tiles, and is None where
    another graph serves. `others` are the fingerprints of the same graph with each other attention, and what that is.
    """

    name: str
    file: str
    size_bytes: int
    precision: str
    fingerprint: str
    fidelity: Fidelity
    refused: tuple[str, ...]
    attention: str | None
    others: dict[str, str]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """`names` are the model's own name and then its aliases. `prompts` are the model's, by name.

    Of a passage it reads `passage_tokens`: without special tokens, and the prompt for documents where it has one.
    `query_prompt` and `document_prompt` name those that are put before queries and documents, where the model has them.
    """

    names: tuple[str, ...]
    revision: str | None
    license: str
    family: str
    parameters: int
    dimensions: int
    max_tokens: int
    passage_tokens: int
    vocabulary: int
    pooling: str
    prompts: dict[str, str]
    query_prompt: str | None
    document_prompt: str | None
    fingerprint: str
    variant: Variant
    provider: str
    provider_reason: str
    cores: int
    max_tokens_per_run: int
    started: datetime.datetime

    @property
    def name(self) -> str:
        return self.names[0]
