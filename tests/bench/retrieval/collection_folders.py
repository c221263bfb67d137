"""Folders of test collections, made up."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_collection(
    folder: Path, documents: Sequence[dict[str, Any]], queries: dict[str, str], judgments: dict[str, dict[str, int]]
) -> Path:
    folder.mkdir(parents=True)
    asked = [{"id": id_, "text": text} for id_, text in queries.items()]
    for name, lines in (("corpus", documents), ("queries", asked)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    (folder / "qrels.json").write_text(json.dumps(judgments), "utf-8")
    return folder
