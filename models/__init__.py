"""What an exported model is, and what it needs to run: catalogue, manifest, folders, ONNX Runtime, fused operators.

The contract between `export`, which writes artifacts, and `server`, which runs them. Imports no other room.
"""

from models.catalog import CatalogEntry, PypiSource, load_catalog
from models.errors import ArtifactError
from models.folders import ARTIFACTS, CHECKPOINTS
from models.kernels import KernelsLibrary, KernelsMissing, kernels_library
from models.manifest import (
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    Fidelity,
    FileRecord,
    Manifest,
    Probe,
    Variant,
    file_record,
    fingerprint_variant,
    load_manifest,
    verify_file,
    write_manifest,
)
from models.processor import lacks_all
from models.runtime import ONNXRUNTIME_ERRORS, onnxruntime
from models.tokenizer import open_tokenizer

__all__ = [
    "ARTIFACTS",
    "CHECKPOINTS",
    "MANIFEST_FILE",
    "MANIFEST_FORMAT",
    "ONNXRUNTIME_ERRORS",
    "ArtifactError",
    "CatalogEntry",
    "Fidelity",
    "FileRecord",
    "KernelsLibrary",
    "KernelsMissing",
    "Manifest",
    "Probe",
    "PypiSource",
    "Variant",
    "file_record",
    "fingerprint_variant",
    "kernels_library",
    "lacks_all",
    "load_catalog",
    "load_manifest",
    "onnxruntime",
    "open_tokenizer",
    "verify_file",
    "write_manifest",
]
