"""Finds the library of operators and asks it whether it can run on this processor.

In: what `python -m models.kernels` built. Out: its path and hash, or the reason why there is none. Asking loads the
library into this process, and runs only code that is compiled for every x86-64 processor.
"""

import ctypes
import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from models.kernels.build import LIBRARIES, Recipe

FEATURE_NAMES = {
    "avx512f": "AVX-512 F",
    "avx512bw": "AVX-512 BW",
    "avx512dq": "AVX-512 DQ",
    "avx512vl": "AVX-512 VL",
    "avx512vnni": "AVX-512 VNNI",
}


class KernelsLibrary(msgspec.Struct, frozen=True):
    """A library that can run on this processor; SessionOptions.register_custom_ops_library takes its path."""

    path: Path
    sha256: str  # of its bytes: two compilers' libraries may differ in an embedding's last bit
    has_bf16: bool  # whether AttentionQuantize computes in bfloat16 where its node says so


class KernelsMissing(msgspec.Struct, frozen=True):
    """Why the operators cannot be used here. A graph that holds them does not load then."""

    reason: str


def kernels_library(
    folder: Path = LIBRARIES, without: Collection[str] = frozenset()
) -> KernelsLibrary | KernelsMissing:
    """Return the library to register, or why there is none.

    Args:
        folder: where it was built.
        without: processor features to treat as missing, by the names in FEATURE_NAMES, or "avx512bf16".
    """
    path = Recipe(folder=folder).library
    if not path.is_file():
        older = "; one from other sources is" if any(folder.glob("vecd_kernels-*.so")) else ""
        return KernelsMissing(f"{path} is not built{older}: python -m models.kernels builds it where a compiler is")
    return ask_library(path, without)


def ask_library(path: Path, without: Collection[str] = frozenset()) -> KernelsLibrary | KernelsMissing:
    """Return whether the library in this file can run on this processor; `without` as for `kernels_library`."""
    path = path.resolve()  # a name without a folder would be looked for in the system's
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        library = ctypes.CDLL(str(path))
        ask_missing, ask_bf16 = library.vecd_kernels_missing, library.vecd_kernels_bf16
    except (OSError, AttributeError) as error:
        return KernelsMissing(f"{path} does not load: {error}")
    ask_missing.restype = ctypes.c_char_p
    missing = {*ask_missing().decode().split(), *(set(without) & FEATURE_NAMES.keys())}
    if missing:
        names = ", ".join(name for feature, name in FEATURE_NAMES.items() if feature in missing)
        return KernelsMissing(f"this processor lacks {names}")
    return KernelsLibrary(path, sha256, bool(ask_bf16()) and "avx512bf16" not in without)
