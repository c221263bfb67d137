import argparse

import msgspec
import pytest
from msgspec import UNSET

from bench.figures.batching import BatchingFigures
from bench.figures.door import DoorFigures
from bench.figures.fidelity import FidelityFigures
from bench.figures.index import IndexFigures
from bench.figures.ingest import IngestFigures
from bench.figures.kernels import KernelFigures
from bench.figures.load import LoadReport
from bench.figures.mixed import MixedFigures
from bench.figures.origin import Origin, origin_fields
from bench.figures.overload import OverloadFigures
from bench.figures.peers import PeersFigures
from bench.figures.ragged import RaggedFigures
from bench.figures.scale import ScaleFigures
from bench.figures.soak import SoakFigures

ALL = (
    BatchingFigures,
    DoorFigures,
    FidelityFigures,
    IndexFigures,
    IngestFigures,
    KernelFigures,
    LoadReport,
    MixedFigures,
    OverloadFigures,
    PeersFigures,
    RaggedFigures,
    ScaleFigures,
    SoakFigures,
)


@pytest.mark.parametrize("figures", ALL, ids=lambda figures: figures.__name__)
def test_the_figures_of_every_command_say_how_they_came_about(figures: type[Origin]) -> None:
    assert issubclass(figures, Origin)


def test_a_file_may_lack_any_part_of_how_it_came_about() -> None:
    assert msgspec.json.decode(b"{}", type=Origin) == Origin()


def test_what_a_command_does_not_have_is_not_written() -> None:
    assert msgspec.to_builtins(Origin(rounds=3)).keys() == {
        "model",
        "provider",
        "seed",
        "machine",
        "versions",
        "rounds",
    }
    assert Origin().flags is UNSET


def test_the_fields_are_those_of_the_command_line_the_machine_and_the_versions() -> None:
    origin = Origin(**origin_fields(argparse.Namespace(model="m", provider="cuda", seed=7)))
    assert (origin.model, origin.provider, origin.seed) == ("m", "cuda", 7)
    assert origin.machine is not None
    assert origin.machine.cores >= 1
    assert "onnxruntime" in origin.versions
