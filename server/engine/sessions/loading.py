"""The model that serves: its manifest, its tokenizer, and its best variant on the best provider."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from tokenizers import Tokenizer

from models import Manifest, fingerprint_variant, load_manifest, verify_file
from models.tokenizer import open_tokenizer
from server.contract.errors import StartError
from server.engine.scheduling.cores import granted_cores
from server.engine.sessions.providers import ProviderChoice, candidate_providers
from server.engine.sessions.selfcheck import (
    SESSIONS,
    ChosenVariant,
    Host,
    OpenSession,
    choose_variant,
    runtime_version,
)
from server.settings import Settings

log = logging.getLogger("vecd")


class LoadedModel(msgspec.Struct, frozen=True):
    """`cores` is how many runs execute at once on the CPU."""

    manifest: Manifest
    tokenizer: Tokenizer
    provider: ProviderChoice
    chosen: ChosenVariant
    cores: int

    @property
    def variant_fingerprint(self) -> str:
        variant = self.chosen.variant
        return fingerprint_variant(self.manifest, variant, runtime_version(variant))


OpenTokenizer = Callable[[Path, int], Tokenizer]


def load_model(
    settings: Settings,
    sessions: Mapping[str, OpenSession] = SESSIONS,
    tokenizer_opener: OpenTokenizer = open_tokenizer,
) -> LoadedModel:
    """Load and check the model; `sessions` opens a graph of each layout, `tokenizer_opener` its tokenizer.

    Raises:
        ArtifactError: the artifact is missing or damaged; the message names the file.
        StartError: the provider cannot be used, or no variant passes the self-check.
    """
    folder = settings.models / settings.model
    manifest = load_manifest(folder)
    tokenizer = tokenizer_opener(verify_file(folder, manifest, manifest.tokenizer), manifest.max_tokens)
    cores = settings.cores or granted_cores()
    provider, chosen = _choose(
        candidate_providers(settings.provider),
        lambda name: choose_variant(folder, manifest, tokenizer, Host(name, cores), sessions),
    )
    return LoadedModel(manifest, tokenizer, provider, chosen, cores)


def _choose(
    candidates: list[ProviderChoice], choose: Callable[[str], ChosenVariant]
) -> tuple[ProviderChoice, ChosenVariant]:
    """Return the first provider on which a variant can serve, with that variant."""
    for candidate in candidates[:-1]:
        try:
            return candidate, choose(candidate.provider)
        except StartError as error:
            log.warning("%s cannot be used: %s", candidate.provider, error)
    return candidates[-1], choose(candidates[-1].provider)
