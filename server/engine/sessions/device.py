"""A graph on an accelerator: inputs are copied to the device while another run still executes.

Two threads keep it busy: one executes, the other has its inputs ready. Two runs at once would only share the device,
and both take longer.
"""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.runtime import onnxruntime


class DeviceGraph:
    """ONNX Runtime's session with its inputs and outputs bound to a device (its documentation's "I/O Binding")."""

    def __init__(self, session: onnxruntime.InferenceSession, device: str) -> None:
        self._session = session
        self._device = device
        self._executing = threading.Lock()

    def run(self, outputs: Sequence[str], feeds: dict[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        """Return the outputs, in the host's memory; like `InferenceSession.run`."""
        binding = self._session.io_binding()
        for name, values in feeds.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(values, self._device, 0))
        for output in outputs:
            binding.bind_output(output, self._device)
        with self._executing:
            self._session.run_with_iobinding(binding)
        found: list[NDArray[np.float32]] = binding.copy_outputs_to_cpu()
        return found
