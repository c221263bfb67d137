"""The texts that ship with the export, all written for this project.

`calibration` gives the range of every activation, `verification` measures fidelity on texts that calibration does not
hold, `probes` become the golden probes of the manifest.
"""

from pathlib import Path
from typing import Literal

import msgspec

TEXTS = Path(__file__).parent / "texts"


def read_corpus(name: Literal["calibration", "verification", "probes"]) -> list[str]:
    """Return the texts of one part, in the order of the file."""
    lines = (TEXTS / f"{name}.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line, type=str) for line in lines if line]
