"""What the frame and the views of the console do without a page, run by Node.js: asking, scales, tokens, cameras."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js: apt-get install nodejs")


@pytest.mark.parametrize("view", ["frame", "drawing", "playground", "map", "live"])
def test_what_a_view_calculates_is_right(view: str) -> None:
    tests = Path(__file__).with_name(f"{view}.test.mjs")
    done = subprocess.run([str(NODE), "--test", str(tests)], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
