"""What each door of the room loads."""

import subprocess
import sys

import pytest

HEAVY = ("onnxruntime", "tokenizers", "numpy")


@pytest.mark.parametrize(
    ("door", "loaded"),
    [("models", set()), ("models.tokenizer", {"tokenizers"}), ("models.runtime", {"onnxruntime", "numpy"})],
)
def test_a_door_loads_what_it_is_for_and_no_more(door: str, loaded: set[str]) -> None:
    words = [sys.executable, "-c", f"import sys, {door}; print(*(set({HEAVY!r}) & sys.modules.keys()))"]
    assert set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()) == loaded
