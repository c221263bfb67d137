"""The models that can be exported: reads catalog.toml into frozen entries.

A model is an entry, not code: any BERT encoder with mean or CLS pooling.
"""

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from models.errors import ArtifactError

CATALOG = Path(__file__).parent / "catalog.toml"


class PypiSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wheel that carries the checkpoint; `folder` is the checkpoint's folder inside it."""

    package: str
    version: str
    folder: str


class CatalogEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model: where its checkpoint comes from, what its files must hash to, and how its sentences are embedded.

    Without `sha256` the files are not pinned: the export takes what the revision holds, and prints the hashes.
    """

    repository: str
    revision: str = "main"
    license: str
    pooling: Literal["mean", "cls"]
    normalize: bool
    max_tokens: int
    architecture: dict[str, int | float | str]
    sha256: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    prompts: dict[str, str] = {}
    pypi: PypiSource | None = None


def load_catalog(path: Path = CATALOG) -> dict[str, CatalogEntry]:
    """Return the entries by model name.

    Raises:
        ArtifactError: the file is not a catalogue; the message says where.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, CatalogEntry])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        message = f"{path} is not a model catalogue: {error}"
        raise ArtifactError(message) from error
