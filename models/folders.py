"""Where models lie unless a flag says otherwise: beside this package, whatever the current directory."""

from pathlib import Path

ARTIFACTS = Path(__file__).parent / "artifacts"
CHECKPOINTS = Path(__file__).parent / "checkpoints"
