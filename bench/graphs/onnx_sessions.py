"""ONNX Runtime sessions of graphs that are timed or profiled outside the server's own sessions."""

from pathlib import Path

from models.runtime import onnxruntime
from server.engine.sessions import PROVIDERS


def session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return options


def open_onnx_session(
    model: Path | bytes, options: onnxruntime.SessionOptions, provider: str = "cpu"
) -> onnxruntime.InferenceSession:
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=[PROVIDERS[provider]])
