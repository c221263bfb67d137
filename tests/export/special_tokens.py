"""Writes down what transformers' tokenizer makes of texts, for tests to compare with.

python special_tokens.py TOKENIZER TEXTS OUT: tokenizer.json, a JSON list of texts, and the file for a JSON list of
{"ids", "mask"} in the order of the texts, padded to the longest. Executed by path in the environment of
constraints-optimum.txt.
"""

import json
import sys
from pathlib import Path

import transformers  # type: ignore[import-not-found] # of the script's own environment


def main(tokenizer: Path, texts: Path, out: Path) -> None:
    """Tokenize the texts as sentence-transformers does."""
    found = transformers.BertTokenizerFast(tokenizer_file=str(tokenizer))(
        json.loads(texts.read_text("utf-8")), padding=True, truncation="longest_first", max_length=256
    )
    rows = zip(found["input_ids"], found["attention_mask"], strict=True)
    out.write_text(json.dumps([{"ids": ids, "mask": mask} for ids, mask in rows]), "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
