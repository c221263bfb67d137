"""The C++ standard library, loaded for everybody before USearch is.

USearch's extension has a copy of it linked in, whose symbols others then take for theirs: ONNX Runtime, imported after
it, ended the process with a segmentation fault. Where the library has another name there is nothing to do.
"""

import contextlib
import ctypes

with contextlib.suppress(OSError):
    ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)
