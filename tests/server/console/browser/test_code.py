"""The call that the page makes is copied in three languages, and what is copied says the same when it is run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.server.console.browser.notes import fill
from tests.server.console.browser.places import Place, everywhere
from tests.server.console.browser.visits import box, enter
from tests.server.console.browser.watched import Watched

RUNS = {"curl": ["bash", "-c"], "Python": [sys.executable, "-c"], "JavaScript": ["node", "--input-type=module", "-e"]}
NEEDS = {"curl": "curl", "Python": sys.executable, "JavaScript": "node"}
QUESTION = "what's growing in the garden?"


def copied(watched: Watched, language: str) -> str:
    """Copy the call, and return what a person would then paste."""
    page = watched.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as code").click()
    dialog = page.get_by_role("dialog", name="The same call")
    dialog.get_by_role("tab", name=language).click()
    dialog.get_by_role("button", name="Copy").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    found: str = page.evaluate("navigator.clipboard.readText()")
    return found


def run(language: str, code: str, place: Place, folder: Path) -> list[tuple[str, float]]:
    """Run what was copied, and return the ids and scores that it prints."""
    environment = dict(os.environ) | {"VECD_KEY": place.key, "HOME": str(folder)}
    done = subprocess.run(
        [*RUNS[language], code], capture_output=True, text=True, timeout=60, env=environment, check=True
    )
    if language == "curl":
        return [(hit["id"], hit["score"]) for hit in json.loads(done.stdout)]
    return [(name, float(score)) for score, name in (line.split(" ", 1) for line in done.stdout.splitlines())]


@everywhere
@pytest.mark.parametrize("language", RUNS)
def test_the_copied_call_gives_the_same_answer(
    watched: Watched, client: httpx.Client, tmp_path: Path, language: str
) -> None:
    if shutil.which(NEEDS[language]) is None:
        pytest.skip(f"needs {NEEDS[language]}")
    fill(client)
    page = enter(watched, collection="notes")
    with page.expect_response(lambda response: response.url.endswith("/search")) as answered:
        box(page).fill(QUESTION)
    expected = [(hit["id"], hit["score"]) for hit in answered.value.json()]
    code = copied(watched, language)
    assert watched.place.url in code
    assert not watched.place.key or watched.place.key not in code
    assert run(language, code, watched.place, tmp_path) == expected
    assert expected
