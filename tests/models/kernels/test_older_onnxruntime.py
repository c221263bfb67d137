"""One library for every ONNX Runtime: a graph gives the same bits in older ones, in environments of their own."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from bench.environments import quiet_environment
from export import prepare_environment
from tests.models.kernels.made_up import Encoder
from tests.models.kernels.nodes import open_session, same_bits

VERSIONS = Path(__file__).parent / "versions"
SCRIPT = """
import sys
import numpy
import onnxruntime
library, model, feeds, out = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
options.register_custom_ops_library(library)
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
numpy.savez(out, *session.run(None, dict(numpy.load(feeds))))
print(onnxruntime.__version__)
"""


@pytest.mark.e2e
@pytest.mark.timeout(900)
@pytest.mark.parametrize("version", ["1.20.1", "1.23.2"])
def test_an_older_onnxruntime_gives_the_same_bits(kernels: Path, version: str, tmp_path: Path) -> None:
    name = f"onnxruntime-{version}"
    python = prepare_environment(name, VERSIONS / f"{name}.txt")
    model = Encoder(384, 12, seed=5).model(100, 128, bf16_from_tokens=40)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    lengths = np.array([16, 3, 100, 128, 41])
    feeds = {"input_ids": np.random.default_rng(0).integers(0, 100, lengths.sum()), "lengths": lengths}
    np.savez(tmp_path / "feeds.npz", **feeds)
    files = [kernels, *(tmp_path / file for file in ("model.onnx", "feeds.npz", "out.npz"))]
    words: list[str | Path] = [python, "-c", SCRIPT, *files]
    done = subprocess.run(words, env=quiet_environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == version
    outputs = np.load(tmp_path / "out.npz")
    for here, there in zip(open_session(kernels, model, threads=2).run(None, feeds), outputs.values(), strict=True):
        assert same_bits(here, there)
