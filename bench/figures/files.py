"""Reads raw results: KIND-LABEL.json, where the kind is the command that wrote it and the label tells the machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.errors import BenchError
from bench.figures.raw import Door, Fidelity, Goal, Kernels, Measured, Nested, Peers, Ragged

# Commands whose figures are shown as the tables they are, whatever their names.
NESTED_KINDS = ("index", "ingest", "batching", "scale", "load", "mixed", "overload", "soak")


class Results(msgspec.Struct, frozen=True):
    """All raw results of a folder: by label, in the order of the labels."""

    peers: dict[str, Peers]
    kernels: dict[str, Kernels]
    fidelity: dict[str, Fidelity]
    ragged: dict[str, Ragged]
    door: dict[str, Door]
    nested: dict[str, dict[str, Nested]]  # by kind, then by label

    def goals(self) -> dict[str, dict[str, Goal]]:
        """Return the goals of every kind that has some, by the name of the file."""
        found = {f"peers-{label}.json": result.goals for label, result in self.peers.items()}
        return found | {f"door-{label}.json": result.goals for label, result in self.door.items()}

    def files(self) -> dict[str, Measured]:
        """Return every result by the name of its file."""
        kinds: dict[str, Mapping[str, Measured]] = {
            "peers": self.peers,
            "kernels": self.kernels,
            "fidelity": self.fidelity,
            "ragged": self.ragged,
            "door": self.door,
            **self.nested,
        }
        return {f"{kind}-{label}.json": found for kind, files in kinds.items() for label, found in files.items()}


AnyMeasured = TypeVar("AnyMeasured", bound=Measured)


def kind_of(path: Path) -> str:
    """Return the command that wrote the file, which its name begins with."""
    return path.stem.partition("-")[0]


def read_results(folder: Path) -> Results:
    """Read every raw result of the folder; a kind without a file has an empty dict.

    Raises:
        BenchError: the folder is missing, or a file is not what its name says.
    """
    if not folder.is_dir():
        message = f"{folder} is no folder; --results names the one with the raw results"
        raise BenchError(message)
    return Results(
        peers=_read_kind(folder, "peers", Peers),
        kernels=_read_kind(folder, "kernels", Kernels),
        fidelity=_read_kind(folder, "fidelity", Fidelity),
        ragged=_read_kind(folder, "ragged", Ragged),
        door=_read_kind(folder, "door", Door),
        nested={
            kind: {_label(path): read_nested(path) for path in sorted(folder.glob(f"{kind}-*.json"))}
            for kind in NESTED_KINDS
        },
    )


def read_file(path: Path, shape: type[AnyMeasured]) -> AnyMeasured:
    """Read one file.

    Raises:
        BenchError: it does not have this shape.
        OSError: it cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except msgspec.DecodeError as error:
        message = f"{path} is not a result of `bench {kind_of(path)}`: {error}"
        raise BenchError(message) from error


def read_nested(path: Path) -> Nested:
    """Read a file whose own fields are tables of any depth.

    Raises:
        BenchError: it is not a JSON object, or what it says of how it came about is not as in every file.
    """
    try:
        fields = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
        how = {name: fields.pop(name) for name in Measured.__struct_fields__ if name in fields}
        return msgspec.convert({**how, "figures": fields}, Nested)
    except msgspec.DecodeError as error:
        message = f"{path} is not a result of `bench {kind_of(path)}`: {error}"
        raise BenchError(message) from error


def _read_kind(folder: Path, kind: str, shape: type[AnyMeasured]) -> dict[str, AnyMeasured]:
    return {_label(path): read_file(path, shape) for path in sorted(folder.glob(f"{kind}-*.json"))}


def _label(path: Path) -> str:
    return path.stem.partition("-")[2]
