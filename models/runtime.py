"""The door to ONNX Runtime, which is imported here first, with its telemetry off; no other module imports it directly.

On import its builds write a device id into the home folder and report their use to their makers, unless told
beforehand not to. A server that sees people's texts must not call home.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as _native

# Everything that ONNX Runtime raises: its errors have no base class of their own.
ONNXRUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    kind for kind in vars(_native).values() if isinstance(kind, type) and issubclass(kind, Exception)
)

__all__ = ["ONNXRUNTIME_ERRORS", "onnxruntime"]
