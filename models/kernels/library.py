"""Finds the library of operators and asks it whether it can run on this processor, and with which attention.

In: what `python -m models.kernels` built. Out: its path and hash, or the reason why there is none. Asking loads the
library into this process, and runs only code that is compiled for every x86-64 processor.
"""

import ctypes
import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from models.kernels.build import LIBRARIES, Recipe

FEATURE_NAMES = {
    "avx512f": "AVX-512 F",
    "avx512bw": "AVX-512 BW",
    "avx512dq": "AVX-512 DQ",
    "avx512vl": "AVX-512 VL",
    "avx512vnni": "AVX-512 VNNI",
}
# In which numbers long texts' attention takes its dot products. Each runs on every processor that the operators run on;
# where it has no instruction for one, at a fraction of the speed.
Attention = Literal["f32", "bf16", "tiles"]
ATTENTIONS: tuple[Attention, ...] = ("f32", "bf16", "tiles")
# With which instructions the linear layers take their products: the bits are the same.
Products = Literal["vnni", "tiles"]
ATTENTION_ENTRY, PRODUCTS_ENTRY = "vecd.attention", "vecd.products"  # of a session's configuration


class SessionOptions(Protocol):
    """ONNX Runtime's, as far as the operators need them."""

    def add_session_config_entry(self, key: str, value: str, /) -> object: ...

    def register_custom_ops_library(self, path: str, /) -> object: ...


class KernelsLibrary(msgspec.Struct, frozen=True):
    """A library that can run on this processor, and how the sessions compute that are opened with it."""

    path: Path
    sha256: str  # of its bytes: two compilers' libraries may differ in an embedding's last bit
    # Where nothing else is asked for, what the library says that this processor is quick at.
    attention: Attention
    products: Products

    def register(self, options: SessionOptions) -> None:
        """Give a session the operators."""
        options.add_session_config_entry(ATTENTION_ENTRY, self.attention)
        options.add_session_config_entry(PRODUCTS_ENTRY, self.products)
        options.register_custom_ops_library(str(self.path))


class KernelsMissing(msgspec.Struct, frozen=True):
    """Why the operators cannot be used here. A graph that holds them does not load then."""

    reason: str


def kernels_library(
    folder: Path = LIBRARIES,
    without: Collection[str] = frozenset(),
    attention: Attention | Literal["auto"] = "auto",
) -> KernelsLibrary | KernelsMissing:
    """Return the library to register, or why there is none.

    Args:
        folder: where it was built.
        without: processor features to treat as missing, by the names in FEATURE_NAMES.
        attention: "auto" is what this processor is quick at.
    """
    path = Recipe(folder=folder).library
    if not path.is_file():
        older = "; one from other sources is" if any(folder.glob("vecd_kernels-*.so")) else ""
        return KernelsMissing(f"{path} is not built{older}: python -m models.kernels builds it where a compiler is")
    found = ask_library(path, without)
    if attention == "auto" or isinstance(found, KernelsMissing):
        return found
    return msgspec.structs.replace(found, attention=attention)


def ask_library(path: Path, without: Collection[str] = frozenset()) -> KernelsLibrary | KernelsMissing:
    """Return whether the library in this file can run on this processor; `without` as for `kernels_library`."""
    path = path.resolve()  # a name without a folder would be looked for in the system's
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        library = ctypes.CDLL(str(path))
        ask_missing, ask_attention = library.vecd_kernels_missing, library.vecd_kernels_attention
        ask_products = library.vecd_kernels_products
    except (OSError, AttributeError) as error:
        return KernelsMissing(f"{path} does not load: {error}")
    ask_missing.restype = ask_attention.restype = ask_products.restype = ctypes.c_char_p
    missing = {*ask_missing().decode().split(), *(set(without) & FEATURE_NAMES.keys())}
    if missing:
        names = ", ".join(name for feature, name in FEATURE_NAMES.items() if feature in missing)
        return KernelsMissing(f"this processor lacks {names}")
    attention = msgspec.convert(ask_attention().decode(), Attention)
    return KernelsLibrary(path, sha256, attention, msgspec.convert(ask_products().decode(), Products))
