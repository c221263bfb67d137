"""A folder of everything that people keep goes in with one command, and each of it is found with one more."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import docx
import pyarrow
import pyarrow.parquet
import pytest

from tests.e2e.notes_data import FOLDER
from tests.index.sources.pdfs import pdf
from tests.running import RunningServer, start_server

ROWS = 200
CITIES = ["Lisbon", "Oslo", "Kyoto", "Quito", "Accra"]


def run(*arguments: object, fails: bool = False) -> str:
    """Run `python -m index` as a user does; return what it prints on stdout."""
    done = subprocess.run(
        [sys.executable, "-m", "index", *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == int(fails), done.stdout + done.stderr
    return done.stdout


def make_everything(folder: Path) -> Path:
    """Write 30 notes, a table of 200 rows, rows of other people's columns, a page, a PDF and a document of Word."""
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.json"))
    rows = [
        f"{n},{CITIES[n % 5]},{1900 + n},Customer {n} of {CITIES[n % 5]} asked about order {n}" for n in range(ROWS)
    ]
    (folder / "customers.csv").write_text("\n".join(["number,city,year,description", *rows, ""]), "utf-8")
    lines = [
        {"slug": "cranes", "body": "The harbour has four cranes, and the oldest lifts ninety tonnes.", "likes": 3},
        {"slug": "ferry", "body": "The ferry to the island leaves at seven and at noon.", "likes": 5},
    ]
    (folder / "posts.ndjson").write_text("".join(json.dumps(one) + "\n" for one in lines), "utf-8")
    table = {"content": ["A glacier calves icebergs into the fjord each spring."], "depth_m": [312.5]}
    pyarrow.parquet.write_table(pyarrow.table(table), folder / "ice.parquet")
    head = "<head><title>Bees</title><style>p{color:red}</style></head>"
    body = "<body><h1>Bees</h1><p>A hive of honeybees keeps its brood at thirty-five degrees.</p></body>"
    page = f"<html>{head}{body}</html>"
    (folder / "bees.html").write_text(page, "utf-8")
    (folder / "lighthouse.pdf").write_bytes(pdf(["The lighthouse keeper winds the clockwork every four hours."]))
    document = docx.Document()
    document.add_heading("Cello", 1)
    document.add_paragraph("The luthier glues the ribs of the cello with hide glue.")
    document.save(str(folder / "cello.docx"))
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing else")
    (folder / "latin.txt").write_bytes("café".encode("latin-1"))
    return folder


FOUND = {
    "How much can the old crane at the port lift?": "posts.ndjson",
    "When does the boat to the island go?": "posts.ndjson",
    "Where do icebergs come from?": "ice.parquet",
    "How warm is it inside a beehive?": "bees.html",
    "Who winds up the mechanism of the lighthouse?": "lighthouse.pdf",
    "How is a cello glued together?": "cello.docx",
    "What did customer 77 want?": "customers.csv",
    "how do I bleed the radiator": "boiler.md",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with start_server("--data", ":memory:") as server:
        yield server


@pytest.fixture(scope="module")
def everything(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder, and what its import printed."""
    folder = make_everything(tmp_path_factory.mktemp("somebody") / "notes")
    return folder, run("import", folder, "--url", server.url, fails=True)


def test_what_can_be_read_goes_in_and_the_rest_is_told_by_name(everything: tuple[Path, str]) -> None:
    _, printed = everything
    *bad, summary = printed.strip().split("\n")
    assert sorted(line.partition(": ")[0].rpartition("/")[2] for line in bad) == ["broken.pdf", "latin.txt"]
    assert re.match(r"236 new, 0 changed, 0 unchanged, 0 deleted, 2 refused, 0 cut; 1 file of other kinds", summary), (
        summary
    )


@pytest.mark.parametrize(("question", "path"), FOUND.items(), ids=FOUND.values())
def test_everything_is_found(server: RunningServer, everything: tuple[Path, str], question: str, path: str) -> None:
    folder, _ = everything
    (best, *_) = json.loads(run("search", question, "--url", server.url, "--json"))
    assert best["metadata"]["path"] == path
    assert best["metadata"]["source"] == str(folder)
    assert best["snippet"]["text"]
    assert path in run("search", question, "--url", server.url, "--top-k", 1)


def test_tables_keep_their_columns(server: RunningServer, everything: tuple[Path, str]) -> None:
    condition = json.dumps({"city": "Oslo", "year": {"$gte": 2000}})
    asked = ("--url", server.url, "--top-k", 100, "--filter", condition, "--json")
    found = json.loads(run("search", "customers of Oslo", *asked))
    assert {hit["metadata"]["year"] for hit in found} == {1900 + n for n in range(ROWS) if n % 5 == 1 and n >= 100}


def test_ten_hits_of_long_notes_take_little(server: RunningServer) -> None:
    """Ten hits of 5 kB are 51 kB as they are; who wants to read them asks for snippets."""
    with server.client() as client:
        client.put("/collections/long")
        sentences = [f"Sentence {n} tells of the harbour and of ship number {n}." for n in range(100)]
        for n in range(20):
            text = " ".join([*sentences[n:], *sentences[:n]])[:5000]
            client.post("/collections/long/index", json={"id": f"note {n}", "text": text}).raise_for_status()
        for mode in ("vector", "text", "hybrid"):
            asked = {"query": "ships of the harbour", "mode": mode, "threshold": -1}
            whole = client.post("/collections/long/search", json=asked)
            short = client.post("/collections/long/search", json=asked | {"fields": ["id", "score"], "snippet": True})
            assert len(whole.content) > 50_000
            assert len(short.json()) == 10
            assert len(short.content) < 5_000, mode
            for hit, told in zip(whole.json(), short.json(), strict=True):
                snippet = told["snippet"]
                assert snippet["text"] == hit["text"][snippet["start"] : snippet["end"]]
                words = {snippet["text"][one["start"] : one["end"]].lower() for one in snippet["marks"]}
                assert words & {"ship", "harbour"}
