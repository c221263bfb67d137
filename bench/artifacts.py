"""The artifact under test: its manifest, its tokenizer, and a session over each of its graphs."""

from pathlib import Path

import msgspec
from tokenizers import Tokenizer

from bench.errors import BenchError
from models import Manifest, Variant, load_manifest, open_tokenizer, verify_file
from server import SESSIONS, Session


class Artifact(msgspec.Struct, frozen=True):
    """An artifact's folder and its manifest."""

    folder: Path
    manifest: Manifest

    def tokenizer(self) -> Tokenizer:
        """Open its tokenizer."""
        return open_tokenizer(
            verify_file(self.folder, self.manifest, self.manifest.tokenizer), self.manifest.max_tokens
        )

    def variants(self, provider: str = "cpu") -> list[Variant]:
        """Return the variants that run on the provider."""
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

    def open_session(self, variant: Variant, provider: str = "cpu", cores: int = 1) -> Session:
        """Open one of its graphs; a run on the CPU has one thread, or all cores where it asks for them."""
        return SESSIONS[variant.layout](verify_file(self.folder, self.manifest, variant.file), provider, cores)


def open_artifact(models: Path, model: str) -> Artifact:
    """Read the artifact's manifest.

    Raises:
        ArtifactError: it is missing or damaged.
    """
    folder = models / model
    return Artifact(folder, load_manifest(folder))
