"""Reads raw results: files KIND-LABEL.json, where the kind is the command that wrote it and the label the machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.errors import BenchError
from bench.figures.budget import BudgetFigures
from bench.figures.door import DoorFigures
from bench.figures.fidelity import FidelityFigures
from bench.figures.goal import Goal
from bench.figures.kernels import KernelFigures
from bench.figures.origin import Origin
from bench.figures.peers import PeersFigures
from bench.figures.ragged import RaggedFigures
from bench.figures.retrieval import RetrievalFigures

# Commands whose figures are shown as the tables they are, whatever their names.
NESTED_KINDS = ("index", "passages", "ingest", "batching", "scale", "load", "mixed", "overload", "soak")


class Nested(Origin, frozen=True, kw_only=True):
    """Figures in tables of any depth, by their names in the file."""

    figures: dict[str, object]


class Results(msgspec.Struct, frozen=True):
    """All raw results of a folder: by label, in the order of the labels."""

    peers: dict[str, PeersFigures]
    kernels: dict[str, KernelFigures]
    fidelity: dict[str, FidelityFigures]
    ragged: dict[str, RaggedFigures]
    budget: dict[str, BudgetFigures]
    door: dict[str, DoorFigures]
    retrieval: dict[str, RetrievalFigures]
    nested: dict[str, dict[str, Nested]]  # by kind, then by label

    def goals(self) -> dict[str, dict[str, Goal]]:
        """Return the goals of each file that has some, by its name."""
        kinds: dict[str, Mapping[str, PeersFigures | DoorFigures | RetrievalFigures]] = {
            "peers": self.peers,
            "door": self.door,
            "retrieval": self.retrieval,
        }
        found = {f"{kind}-{label}.json": one.goals for kind, files in kinds.items() for label, one in files.items()}
        loads = {f"load-{label}.json": one.figures.get("goals") for label, one in self.nested["load"].items()}
        return found | {file: msgspec.convert(goals, dict[str, Goal]) for file, goals in loads.items() if goals}

    def files(self) -> dict[str, Origin]:
        """Return every result by the name of its file."""
        kinds: dict[str, Mapping[str, Origin]] = {
            "peers": self.peers,
            "kernels": self.kernels,
            "fidelity": self.fidelity,
            "ragged": self.ragged,
            "budget": self.budget,
            "door": self.door,
            "retrieval": self.retrieval,
            **self.nested,
        }
        return {f"{kind}-{label}.json": found for kind, files in kinds.items() for label, found in files.items()}


AnyFigures = TypeVar("AnyFigures", bound=Origin)


def kind_of(path: Path) -> str:
    """Return the command that wrote the file; the name begins with it."""
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
        peers=_read_kind(folder, "peers", PeersFigures),
        kernels=_read_kind(folder, "kernels", KernelFigures),
        fidelity=_read_kind(folder, "fidelity", FidelityFigures),
        ragged=_read_kind(folder, "ragged", RaggedFigures),
        budget=_read_kind(folder, "budget", BudgetFigures),
        door=_read_kind(folder, "door", DoorFigures),
        retrieval=_read_kind(folder, "retrieval", RetrievalFigures),
        nested={
            kind: {_label(path): read_nested(path) for path in sorted(folder.glob(f"{kind}-*.json"))}
            for kind in NESTED_KINDS
        },
    )


def read_file(path: Path, shape: type[AnyFigures]) -> AnyFigures:
    """Read a file of figures.

    Raises:
        BenchError: the file does not have this shape.
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
        BenchError: it is not a JSON object, or a field of Origin has another type.
    """
    try:
        fields = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
        origin = {name: fields.pop(name) for name in Origin.__struct_fields__ if name in fields}
        return msgspec.convert({**origin, "figures": fields}, Nested)
    except msgspec.DecodeError as error:
        message = f"{path} is not a result of `bench {kind_of(path)}`: {error}"
        raise BenchError(message) from error


def _read_kind(folder: Path, kind: str, shape: type[AnyFigures]) -> dict[str, AnyFigures]:
    return {_label(path): read_file(path, shape) for path in sorted(folder.glob(f"{kind}-*.json"))}


def _label(path: Path) -> str:
    return path.stem.partition("-")[2]
