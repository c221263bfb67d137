"""Finds how large each activation channel gets: runs the fp32 graph over the calibration texts and keeps the peaks."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray

from export.runner import GraphRunner


def expose_tensors(model: onnx.ModelProto, tensors: Sequence[str]) -> onnx.ModelProto:
    """Return a copy of the model that also gives the named inner tensors."""
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    exposed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in dict.fromkeys(tensors))
    return exposed


def measure_peaks(
    model: onnx.ModelProto,
    site_tensors: dict[str, str],
    encodings: Sequence[list[int]],
    advance: Callable[[], object],
) -> dict[str, NDArray[np.float32]]:
    """Return by site the largest magnitude of each channel (channels,) over all texts."""
    tensors = list(dict.fromkeys(site_tensors.values()))
    runner = GraphRunner(expose_tensors(model, tensors))
    peaks: dict[str, NDArray[np.float32]] = {}
    for ids in encodings:
        for tensor, value in zip(tensors, runner.run(ids, tensors), strict=True):
            peak = np.abs(value).max(axis=0)
            peaks[tensor] = np.maximum(peaks[tensor], peak) if tensor in peaks else peak
        advance()
    return {site: peaks[tensor] for site, tensor in site_tensors.items()}
