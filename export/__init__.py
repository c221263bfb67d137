"""The one-time export: a checkpoint goes in, a verified artifact under models/artifacts/ comes out.

Users enter by `python -m export`. The graphs for the CPU are built straight from the weights; what needs torch runs in
an environment of its own, which is made here.
"""

from export.artifact import export_artifact
from export.checkpoint import Checkpoint
from export.corpus import read_corpus
from export.environments import (
    OPTIMUM,
    Run,
    bare_environment,
    environment_key,
    hash_parts,
    is_complete,
    mark_complete,
    prepare_environment,
    prepare_optimum,
    run_command,
)
from export.errors import ExportError
from export.source import Request, find_checkpoint

__all__ = [
    "OPTIMUM",
    "Checkpoint",
    "ExportError",
    "Request",
    "Run",
    "bare_environment",
    "environment_key",
    "export_artifact",
    "find_checkpoint",
    "hash_parts",
    "is_complete",
    "mark_complete",
    "prepare_environment",
    "prepare_optimum",
    "read_corpus",
    "run_command",
]
