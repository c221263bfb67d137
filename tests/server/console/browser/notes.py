"""Two people's notes as 200 documents, a paragraph each, with metadata to filter and colour by."""

import re
from typing import Any

import httpx

from tests.e2e.notes_data import FOLDER, SECOND_FOLDER, notes

COUNT = 200
# By the file's name: what a note is about.
SUBJECTS = {
    "house": "boiler everyday-things kitchen-renovation washing-machine wifi flat-handbook moving-house cleaning-rota "
    "rubbish rent mortgage",
    "garden": "garden-year houseplants tomatoes bee-year honey swarm",
    "kitchen": "family-recipes lemon-cake lentil-soup sourdough pancakes",
    "travel": "japan-trip lisbon packing-hut-tour loire-by-bike sailing-season dinghy-booking knots bike-brakes "
    "winter-commute van-conversion car-service car-insurance",
    "health": "knee marathon-training vaccinations glasses headaches tooth dog-ear dog-food puppy-year",
    "school": "parents-evening school-play school-year-3b museum-trip italian-course birthday-nell",
    "music": "amp-repair choir-tour-ghent concert-black voice-warm-up",
    "work": "atlas-minutes hiring website-launch taxes-2023 reading-2023 esp32-sensor weather-station",
}
SUBJECT = {name: subject for subject, names in SUBJECTS.items() for name in names.split()}
SHORTEST, HEADING = 60, re.compile(r"^#+ +(.+)$")


def paragraphs() -> list[dict[str, Any]]:
    """Return 200 documents, as many of each note as the others have."""
    every = [list(_documents(name, text)) for folder in (FOLDER, SECOND_FOLDER) for name, text in notes(folder).items()]
    in_turn = [document for row in range(COUNT) for documents in every for document in documents[row : row + 1]]
    return in_turn[:COUNT]


def _documents(name: str, text: str) -> list[dict[str, Any]]:
    title, stem = name, name.removesuffix(".md")
    found: list[dict[str, Any]] = []
    for part in re.split(r"\n\s*\n", text):
        if heading := HEADING.match(part.strip()):
            title = heading[1] if title == name else title
        if len(part) >= SHORTEST:
            number = len(found) + 1
            facts = {"title": title, "subject": SUBJECT[stem], "year": 2019 + (len(part) + number) % 6}
            found.append({"id": f"{stem}-{number}", "text": part.strip(), "metadata": facts})
    return found


def fill(client: httpx.Client, collection: str = "notes") -> None:
    """Make a collection with these documents."""
    client.put(f"/collections/{collection}", json={}).raise_for_status()
    body = {"documents": paragraphs()}
    client.post(f"/collections/{collection}/index/batch", json=body).raise_for_status()


def fill_awkwardly(client: httpx.Client, collection: str) -> None:
    """Make a collection with documents that hardly fit: words without an end, nothing at all, a long list."""
    long = "w" * 180
    documents = [
        {"id": long, "text": f"{long} {long}", "metadata": {"title": long, long[:60]: long, "subject": "travel"}},
        {"id": "empty", "text": "", "metadata": {}},
        {"id": "a/b?c#d", "text": "<b>No markup</b> & \u202eno turn", "metadata": {"list": ["one", "two"] * 40}},
        {"id": "tall", "text": "\n\n".join(["line"] * 80), "metadata": {"nested": {"deep": {"deeper": [1] * 50}}}},
    ]
    client.put(f"/collections/{collection}", json={}).raise_for_status()
    client.post(f"/collections/{collection}/index/batch", json={"documents": documents}).raise_for_status()
