"""What an exported model is: catalogue, manifest, folders, prompts, and whether the fused operators can run here.

The contract between `export`, which writes artifacts, and `server`, which runs them. Imports no other room. Two more
doors load what runs a model: `models.runtime` (ONNX Runtime) and `models.tokenizer` (tokenizers). This one loads
neither, nor numpy.
"""

from models.architecture import count_parameters
from models.catalog import CatalogEntry, PypiSource, load_catalog
from models.errors import ArtifactError
from models.folders import ARTIFACTS, CHECKPOINTS
from models.kernels import ATTENTIONS, Attention, KernelsLibrary, KernelsMissing, Products, kernels_library
from models.manifest import (
    MANIFEST_FILE,
    MANIFEST_FORMAT,
    Fidelity,
    FileRecord,
    Manifest,
    Probe,
    Variant,
    file_record,
    fingerprint_model,
    fingerprint_variant,
    load_manifest,
    verify_file,
    write_manifest,
)
from models.processor import lacks_all
from models.prompts import Role, prompt_for

__all__ = [
    "ARTIFACTS",
    "ATTENTIONS",
    "CHECKPOINTS",
    "MANIFEST_FILE",
    "MANIFEST_FORMAT",
    "ArtifactError",
    "Attention",
    "CatalogEntry",
    "Fidelity",
    "FileRecord",
    "KernelsLibrary",
    "KernelsMissing",
    "Manifest",
    "Probe",
    "Products",
    "PypiSource",
    "Role",
    "Variant",
    "count_parameters",
    "file_record",
    "fingerprint_model",
    "fingerprint_variant",
    "kernels_library",
    "lacks_all",
    "load_catalog",
    "load_manifest",
    "prompt_for",
    "verify_file",
    "write_manifest",
]
