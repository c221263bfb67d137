import argparse

import pytest

from bench.commands.batching import BatchingFigures
from bench.commands.fidelity import FidelityFigures
from bench.commands.load import LoadReport
from bench.commands.peers import PeersFigures
from bench.commands.scale import ScaleFigures
from bench.figures.kernels import KernelFigures
from bench.figures.origin import Origin, origin_fields
from bench.figures.raw import Measured

ALL = (BatchingFigures, FidelityFigures, KernelFigures, LoadReport, PeersFigures, ScaleFigures)


@pytest.mark.parametrize("figures", ALL, ids=lambda figures: figures.__name__)
def test_the_figures_of_every_command_say_how_they_came_about(figures: type[Origin]) -> None:
    assert issubclass(figures, Origin)


def test_the_report_knows_every_field_of_how_figures_came_about() -> None:
    assert set(Origin.__struct_fields__) <= set(Measured.__struct_fields__)


def test_the_fields_are_those_of_the_command_line_the_machine_and_the_versions() -> None:
    origin = Origin(**origin_fields(argparse.Namespace(model="m", provider="cuda", seed=7)))
    assert (origin.model, origin.provider, origin.seed) == ("m", "cuda", 7)
    assert origin.machine.cores >= 1
    assert "onnxruntime" in origin.versions
