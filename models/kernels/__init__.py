"""Fused int8 operators for ONNX Runtime on processors with AVX-512 VNNI: their library, and how it is built.

README.md beside this file is the contract of the operators, domain `vecd`, version 1.
"""

from models.kernels.library import ATTENTIONS, Attention, KernelsLibrary, KernelsMissing, Products, kernels_library

__all__ = ["ATTENTIONS", "Attention", "KernelsLibrary", "KernelsMissing", "Products", "kernels_library"]
