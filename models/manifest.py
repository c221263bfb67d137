"""The artifact's manifest: what was exported, from what, each variant's fidelity, and the hash of every file.

Nothing of an artifact is used before `load_manifest` and `verify_file` have checked it; both name the wrong file.
"""

import hashlib
from pathlib import Path
from typing import Literal

import msgspec

from models.errors import ArtifactError

MANIFEST_FILE = "manifest.json"
MANIFEST_FORMAT = 2

Sha256 = str


class FileRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the artifact when it was written."""

    sha256: Sha256
    size_bytes: int


class Fidelity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cosine of a variant's embeddings with the fp32 reference's, over texts that calibration never saw.

    `measured_on` names the execution provider that computed them, which need not be one that the variant serves on.
    """

    texts: int
    cosine_mean: float
    cosine_min: float
    measured_on: str = "cpu"


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One graph of the model.

    `layout` says what a run may hold: `equal-length` takes input_ids (batch, tokens) without padding or mask, `padded`
    takes texts of any lengths, padded to the right, with attention_mask (batch, tokens), and `ragged` texts of any
    lengths one after the other, input_ids (tokens) and lengths (texts), through vecd's own operators.
    `probe_cosine` is the least cosine with the golden probes at which a server may use the variant. `instructions` are
    x86-64 instruction sets, as /proc/cpuinfo names them, one of which it needs; processors of other kinds need none.
    `vocabulary` is the fidelity over every token of the vocabulary as a text of its own: of the CPU's int8 variants, in
    artifacts of an export that measures it. `attention` is the fidelity with each way in which the variant's attention
    may compute, by name, where there are several; `fidelity` is then the least of them.
    """

    name: str
    file: str
    precision: Literal["int8", "fp16", "fp32"]
    providers: tuple[str, ...]
    layout: Literal["equal-length", "padded", "ragged"]
    fidelity: Fidelity
    probe_cosine: float
    instructions: tuple[str, ...] = ()
    vocabulary: Fidelity | msgspec.UnsetType = msgspec.UNSET
    attention: dict[str, Fidelity] | msgspec.UnsetType = msgspec.UNSET

    def fidelity_with(self, attention: str) -> Fidelity:
        """Return the fidelity with one attention, or the variant's where that was not measured alone."""
        return self.attention.get(attention, self.fidelity) if isinstance(self.attention, dict) else self.fidelity


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text and its fp32 embedding, which a server compares its own with before it reports ready."""

    text: str
    embedding: tuple[float, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contract between the export and the server.

    `variants` are in order of preference; `omitted` gives, by name, the reason why the export left a variant out.
    """

    format: int
    name: str
    source: str
    revision: str
    license: str
    aliases: tuple[str, ...]
    dimensions: int
    max_tokens: int
    pooling: Literal["mean", "cls"]
    normalize: bool
    prompts: dict[str, str]
    weights_sha256: Sha256
    architecture: dict[str, int | float | str]
    tokenizer: str
    files: dict[str, FileRecord]
    variants: tuple[Variant, ...]
    omitted: dict[str, str] = {}
    probes: tuple[Probe, ...]
    model_fingerprint: Sha256 = ""
    checksum: Sha256 = ""


def fingerprint_model(manifest: Manifest) -> Sha256:
    """Return a hash of everything that decides whether two embeddings, and so an index and a model, are comparable."""
    identity = {
        "weights": manifest.weights_sha256,
        "architecture": manifest.architecture,
        "tokenizer": manifest.files[manifest.tokenizer].sha256,
        "pooling": manifest.pooling,
        "normalize": manifest.normalize,
        "max_tokens": manifest.max_tokens,
        "prompts": manifest.prompts,
    }
    return hashlib.sha256(msgspec.json.encode(identity, order="sorted")).hexdigest()


def fingerprint_variant(manifest: Manifest, variant: Variant, runtime: str, attention: str = "") -> Sha256:
    """Return a hash of everything that decides an embedding's bits.

    Args:
        manifest: names the model and the hash of the graph's file.
        variant: which graph.
        runtime: the versions of what runs it.
        attention: in which numbers its attention computes, where that is not the same on every processor.
    """
    identity = [manifest.model_fingerprint, manifest.files[variant.file].sha256, runtime]
    if attention:
        identity.append(attention)
    return hashlib.sha256(msgspec.json.encode(identity)).hexdigest()


def file_record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(digest, path.stat().st_size)


def seal(manifest: Manifest) -> Manifest:
    """Return the manifest with its fingerprint, and the checksum of everything else in it."""
    named = msgspec.structs.replace(manifest, model_fingerprint=fingerprint_model(manifest), checksum="")
    return msgspec.structs.replace(named, checksum=hashlib.sha256(msgspec.json.encode(named)).hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json, sealed, into the artifact's folder."""
    encoded = msgspec.json.format(msgspec.json.encode(seal(manifest)), indent=1)
    (folder / MANIFEST_FILE).write_bytes(encoded + b"\n")


def load_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of the artifact in `folder`.

    Raises:
        ArtifactError: no manifest, one that is damaged, or one of another format.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        message = f"no model at {folder}: {path} does not exist; `python -m export` writes it"
        raise ArtifactError(message) from error
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ArtifactError(message) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{path} is damaged or not a manifest ({error}); export the model again"
        raise ArtifactError(message) from error
    _check(manifest, path)
    return manifest


def _check(manifest: Manifest, path: Path) -> None:
    problem = ""
    if manifest.format != MANIFEST_FORMAT:
        problem = f"has format {manifest.format}, this version of vecd reads format {MANIFEST_FORMAT}"
    elif not manifest.variants or not manifest.probes:
        problem = "names no variant or no golden probe"
    elif missing := {manifest.tokenizer, *(v.file for v in manifest.variants)} - manifest.files.keys():
        problem = f"has no hash for {', '.join(sorted(missing))}"
    elif any("/" in name or "\\" in name or name in {"", ".", ".."} for name in manifest.files):
        problem = "names a file outside its folder"
    elif any(len(probe.embedding) != manifest.dimensions for probe in manifest.probes):
        problem = f"has a golden probe that is not {manifest.dimensions} wide"
    elif seal(manifest) != manifest:
        problem = "is damaged: its checksum does not follow from the rest of it"
    if problem:
        message = f"{path} {problem}; export the model again"
        raise ArtifactError(message)


def verify_file(folder: Path, manifest: Manifest, name: str) -> Path:
    """Return the path of a file of the artifact after comparing its hash with the manifest's.

    Raises:
        ArtifactError: the file is missing or is not the one that was exported.
    """
    path, expected = folder / name, manifest.files[name]
    try:
        found = file_record(path)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}; export the model again"
        raise ArtifactError(message) from error
    if found != expected:
        message = (
            f"{path} is damaged: sha256 {found.sha256[:12]}…, {found.size_bytes} bytes; "
            f"{MANIFEST_FILE} says {expected.sha256[:12]}…, {expected.size_bytes} bytes; export the model again"
        )
        raise ArtifactError(message)
    return path
