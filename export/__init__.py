"""The one-time export: a checkpoint goes in, a verified artifact under models/artifacts/ comes out.

`python -m export` is the front door. The graphs are built straight from the weights with stock ONNX operators; no
torch is needed.
"""

from export.artifact import export_artifact
from export.checkpoint import Checkpoint
from export.corpus import read_corpus
from export.errors import ExportError
from export.source import Request, find_checkpoint

__all__ = ["Checkpoint", "ExportError", "Request", "export_artifact", "find_checkpoint", "read_corpus"]
