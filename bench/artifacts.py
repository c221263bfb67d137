"""The model under test: its artifact, a session over each of its graphs, and the model as the server runs it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from bench.errors import BenchError
from models import KernelsLibrary, Manifest, Variant, kernels_library, load_manifest, verify_file
from models.tokenizer import open_tokenizer
from server.backend import build_backend
from server.contract.embedding import Demand, Embeddings
from server.engine import TOKENS_PER_RUN, Engine
from server.engine.sessions import Session, sessions_over
from server.settings import MEMORY, Settings

OUTPUT = "sentence_embedding"

Provider = Literal["auto", "cpu", "cuda"]
Encodings = list[list[int]]  # the token ids of some texts
Rows = NDArray[np.float32]  # embeddings: (texts, ndim)


class Artifact(msgspec.Struct, frozen=True):
    folder: Path
    manifest: Manifest

    def tokenizer(self) -> Tokenizer:
        """Open the tokenizer; it truncates at the model's own limit."""
        return open_tokenizer(
            verify_file(self.folder, self.manifest, self.manifest.tokenizer), self.manifest.max_tokens
        )

    def variants(self, provider: str = "cpu") -> list[Variant]:
        return [variant for variant in self.manifest.variants if provider in variant.providers]

    def fp32(self) -> Variant:
        """Return the variant that all others are compared with.

        Raises:
            BenchError: the artifact has none.
        """
        for variant in self.variants():
            if variant.precision == "fp32":
                return variant
        message = f"{self.folder} holds no fp32 graph to compare with; export the model again"
        raise BenchError(message)

    def require_tokens(self, tokens: int) -> None:
        """Make sure that the model takes texts of that many tokens.

        Raises:
            BenchError: it does not.
        """
        if self.manifest.max_tokens < tokens:
            message = f"{self.folder} takes {self.manifest.max_tokens} tokens a text; this measures texts of {tokens}"
            raise BenchError(message)

    def open_session(
        self, variant: Variant, provider: str = "cpu", cores: int = 1, operators: KernelsLibrary | None = None
    ) -> Session:
        """Open one of the graphs. A run on the CPU has one thread, or `cores` where it asks for all of them.

        `operators` say how vecd's own compute, where not as suits the processor.
        """
        path = verify_file(self.folder, self.manifest, variant.file)
        return sessions_over(operators or kernels_library())[variant.layout](path, provider, cores)


def open_artifact(models: Path, model: str) -> Artifact:
    """Read the artifact's manifest.

    Raises:
        ArtifactError: it is missing or damaged.
    """
    folder = models / model
    return Artifact(folder, load_manifest(folder))


class LoadedModel(msgspec.Struct, frozen=True):
    """A model as the server runs it: its engine, and the variant and the session that the self-check chose.

    `refused` says which variants the self-check tried before, and why they cannot run here.
    """

    manifest: Manifest
    variant: Variant
    refused: tuple[str, ...]
    session: Session
    engine: Engine
    provider: str
    cores: int

    @property
    def threads(self) -> int:
        """How many threads the server computes with: one a core, and one for a GPU."""
        return self.cores if self.provider == "cpu" else 1

    @property
    def tokens_per_run(self) -> int:
        """The most tokens that the server computes in one run."""
        return TOKENS_PER_RUN[self.provider]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the engine until the block ends."""
        self.engine.start()
        try:
            yield
        finally:
            self.engine.close()

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Embed the texts as one request, without the cache. The engine must be running."""
        return await self.engine.embed(texts, Demand(cache=False))


def load_model(models: Path, model: str, provider: Provider, cores: int = 0) -> LoadedModel:
    """Load and check a model as the server does; 0 cores are as many as are granted.

    Raises:
        ArtifactError: the artifact is missing or damaged.
        ServerError: the provider cannot be used, or no variant passes the self-check.
    """
    settings = Settings(models=models, model=model, provider=provider, cores=cores, cache_bytes=0, data=MEMORY)
    parts = build_backend(settings).parts
    loaded, chosen = parts.model, parts.model.chosen
    return LoadedModel(
        manifest=loaded.manifest,
        variant=chosen.variant,
        refused=chosen.refused,
        session=chosen.session,
        engine=parts.engine,
        provider=loaded.provider.provider,
        cores=loaded.cores,
    )
