"""The model that serves: its manifest, its tokenizer, and its best variant on the best provider."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from tokenizers import Tokenizer

from models import ATTENTIONS, Attention, Manifest, fingerprint_variant, load_manifest, verify_file
from models.tokenizer import open_tokenizer
from server.contract.errors import StartError
from server.engine.scheduling.cores import granted_cores
from server.engine.sessions.providers import ProviderChoice, candidate_providers
from server.engine.sessions.selfcheck import (
    ChosenVariant,
    Host,
    OpenSession,
    attention_of,
    choose_variant,
    runtime_version,
    sessions_with,
)
from server.settings import Settings

log = logging.getLogger("vecd")


class LoadedModel(msgspec.Struct, frozen=True):
    """`cores` is how many runs execute at once on the CPU.

    `attention` says in which numbers that of vecd's own operators computes, None where another variant serves.
    """

    manifest: Manifest
    tokenizer: Tokenizer
    provider: ProviderChoice
    chosen: ChosenVariant
    cores: int
    attention: Attention | None

    @property
    def variant_fingerprint(self) -> str:
        return self._fingerprint_with(self.attention or "")

    @property
    def others(self) -> dict[str, str]:
        """The fingerprints of this variant with each other attention, and what that is."""
        ways = ATTENTIONS if self.attention is not None else ()
        return {self._fingerprint_with(way): way for way in ways if way != self.attention}

    def _fingerprint_with(self, attention: str) -> str:
        variant = self.chosen.variant
        return fingerprint_variant(self.manifest, variant, runtime_version(variant), attention)


OpenTokenizer = Callable[[Path, int], Tokenizer]


def load_model(
    settings: Settings,
    sessions: Mapping[str, OpenSession] | None = None,
    tokenizer_opener: OpenTokenizer = open_tokenizer,
) -> LoadedModel:
    """Load and check the model; `sessions` opens a graph of each layout, `tokenizer_opener` its tokenizer.

    Without `sessions` the graphs have the attention that the settings ask for.

    Raises:
        ArtifactError: the artifact is missing or damaged; the message names the file.
        StartError: the provider cannot be used, or no variant passes the self-check.
    """
    folder = settings.models / settings.model
    manifest = load_manifest(folder)
    tokenizer = tokenizer_opener(verify_file(folder, manifest, manifest.tokenizer), manifest.max_tokens)
    cores, opened = settings.cores or granted_cores(), sessions or sessions_with(settings.attention)
    provider, chosen = _choose(
        candidate_providers(settings.provider),
        lambda name: choose_variant(folder, manifest, tokenizer, Host(name, cores), opened),
    )
    attention = attention_of(chosen.variant, settings.attention)
    return LoadedModel(manifest, tokenizer, provider, chosen, cores, attention)


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
