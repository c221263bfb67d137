"""Which variant serves: the best one for the provider that passes the golden probes on this machine.

A kernel that is wrong on this processor, or int8 that saturates where VNNI is missing, lowers the cosine to the fp32
embeddings of the manifest; such a variant is refused and the next one tried.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from tokenizers import Tokenizer

from models import Attention, KernelsLibrary, KernelsMissing, Manifest, Variant, kernels_library, lacks_all, verify_file
from models.runtime import onnxruntime
from server.contract.errors import InferenceError, StartError
from server.engine.sessions.padded import PaddedSession
from server.engine.sessions.ragged import RaggedSession
from server.engine.sessions.session import EqualLengthSession, Session

OpenSession = Callable[[Path, str, int], Session]
# The adapter of each layout that a variant may have.
SESSIONS: Mapping[str, OpenSession] = {
    "equal-length": EqualLengthSession,
    "padded": PaddedSession,
    "ragged": RaggedSession,
}


class Host(msgspec.Struct, frozen=True):
    """The machine. `lacks` returns whether the processor has none of some instruction sets."""

    provider: str
    cores: int
    lacks: Callable[[Sequence[str]], bool] = lacks_all


class ChosenVariant(msgspec.Struct, frozen=True):
    """The variant that serves, its least cosine with the probes, and why each one before it was refused."""

    variant: Variant
    session: Session
    probe_cosine: float
    refused: tuple[str, ...]


def choose_variant(
    folder: Path,
    manifest: Manifest,
    tokenizer: Tokenizer,
    host: Host,
    sessions: Mapping[str, OpenSession] = SESSIONS,
) -> ChosenVariant:
    """Return the first variant of the manifest that serves the provider and passes the self-check.

    All files that the provider may use are compared with their hashes first, so that a damaged one is found now and not
    on the day when it is needed.

    Raises:
        ArtifactError: a graph's file is not the one that was exported.
        StartError: no variant passed; the message says why for each.
    """
    left_out = manifest.omitted if host.provider == "cpu" else {}
    refused = [f"{name}: left out by the export, {why}" for name, why in left_out.items()]
    candidates = [variant for variant in manifest.variants if host.provider in variant.providers]
    paths = {variant.name: verify_file(folder, manifest, variant.file) for variant in candidates}
    for variant in candidates:
        if host.lacks(variant.instructions):
            refused.append(f"{variant.name}: this processor lacks {' and '.join(variant.instructions)}")
            continue
        try:
            session = sessions[variant.layout](paths[variant.name], host.provider, host.cores)
        except StartError as error:
            refused.append(f"{variant.name}: {error}")
            continue
        cosine = probe_cosine(session, manifest, tokenizer)
        if cosine >= variant.probe_cosine:
            return ChosenVariant(variant, session, cosine, tuple(refused))
        refused.append(f"{variant.name}: cosine {cosine:.4f} on the probes, {variant.probe_cosine:.4f} is required")
    message = f"no variant of {manifest.name} can serve on {host.provider}: {'; '.join(refused) or 'it has none'}"
    raise StartError(message)


def sessions_with(attention: Attention | Literal["auto"]) -> Mapping[str, OpenSession]:
    """Return the adapters, that of vecd's own operators with this attention."""
    return sessions_over(kernels_library(attention=attention))


def sessions_over(operators: KernelsLibrary | KernelsMissing) -> Mapping[str, OpenSession]:
    """Return the adapters, that of vecd's own operators with this library, computing as it says."""
    return {**SESSIONS, "ragged": partial(RaggedSession, operators=operators)}


def attention_of(variant: Variant, wanted: Attention | Literal["auto"]) -> Attention | None:
    """Return in which numbers the attention of a variant over vecd's own operators computes, None of any other."""
    library = kernels_library(attention=wanted) if variant.layout == "ragged" else None
    return library.attention if isinstance(library, KernelsLibrary) else None


def runtime_version(variant: Variant) -> str:
    """Return the versions of ONNX Runtime and the operators (by hash), which decide an embedding's last bits."""
    library = kernels_library() if variant.layout == "ragged" else None
    operators = f", operators {library.sha256[:12]}" if isinstance(library, KernelsLibrary) else ""
    return f"onnxruntime {onnxruntime.__version__}{operators}"


def probe_cosine(session: Session, manifest: Manifest, tokenizer: Tokenizer) -> float:
    """Return the least cosine of the session's embeddings with the golden probes; -1 if it cannot run them.

    NaN, which passes no threshold, where an embedding is zero.
    """
    return float(np.min(_cosines(session, manifest, tokenizer)))


def _cosines(session: Session, manifest: Manifest, tokenizer: Tokenizer) -> Sequence[float]:
    try:
        rows = [session.run([tokenizer.encode(p.text).ids], "sentence_embedding")[0] for p in manifest.probes]
    except InferenceError:
        return [-1.0]
    expected = [np.array(probe.embedding, np.float32) for probe in manifest.probes]
    with np.errstate(invalid="ignore", divide="ignore"):
        return [float(row @ probe / np.linalg.norm(row)) for row, probe in zip(rows, expected, strict=True)]
