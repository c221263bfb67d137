"""What the console computes without a browser, run by Node.js; and the calls that it writes, run as they are."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server.console.page import FOLDER
from tests.running import RunningServer, clean_environment

NODE = shutil.which("node")
BODY = {
    "query": 'the "blue" cat\'s',
    "threshold": -1,
    "mode": "text",
    "fields": ["id", "score"],
    "filter": {"seen": True},
}
DOCUMENT = {"id": "cat", "text": "a blue cat", "metadata": {"seen": True}}

pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js: apt-get install nodejs")


@pytest.mark.parametrize("part", ["pure", "files", "asking"])
def test_what_needs_no_browser_is_right(part: str) -> None:
    tests = Path(__file__).with_name(f"{part}.test.mjs")
    done = subprocess.run([str(NODE), "--test", str(tests)], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_a_call_that_is_copied_does_what_the_page_did(language: str, tiny_server: RunningServer) -> None:
    script = f"import {{ callsOf }} from {json.dumps((FOLDER / 'search' / 'code.js').as_uri())};"
    script += f"console.log(JSON.stringify(callsOf('{tiny_server.url}/search', {json.dumps(BODY)}, false)))"
    made = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", script], capture_output=True, text=True, check=True, timeout=60
    )
    code: str = json.loads(made.stdout)[language]
    programs = {
        "curl": ["bash", "-c", code],
        "Python": [sys.executable, "-c", code],
        "JavaScript": [str(NODE), "--input-type=module", "--eval", code],
    }
    if language == "curl" and shutil.which("curl") is None:
        pytest.skip("needs curl")
    with tiny_server.client() as client:
        assert client.post("/index", json=DOCUMENT).status_code == 200
    done = subprocess.run(
        programs[language], capture_output=True, text=True, check=True, timeout=60, env=clean_environment()
    )
    assert "cat" in done.stdout
