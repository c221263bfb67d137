"""Where the benchmark keeps what it makes, and the environment in which peers are built and run."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".bench"
LOGS = FOLDER / "logs"

# While something is built or measured, nothing is reported to anybody and nothing is fetched.
QUIET = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "ORT_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"}


def quiet_environment() -> dict[str, str]:
    """Return this process's environment, with QUIET in it."""
    return os.environ | QUIET
