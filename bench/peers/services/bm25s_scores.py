"""bm25s with Lucene's formula, Snowball's English stems and bm25s' English stop words: `python FILE FOLDER`.

The folder holds asked.json: documents, queries, top_k, and for each query the places of documents whose score is wanted
too. Writes scores.json: for each query `order`, the places of the best that have a word of it, best first, and `scores`
by place, of those and of the wanted ones.
"""

import json
import sys
from pathlib import Path

import bm25s
import numpy as np
import Stemmer

K1, B = 1.2, 0.75


def tokens(texts):
    return bm25s.tokenize(
        texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), return_ids=False, show_progress=False
    )


def score(index, words, documents):
    return index.get_scores(words) if words else np.zeros(documents, np.float32)


def answer(scores, wanted, top_k):
    order = [int(place) for place in np.argsort(-scores, kind="stable")[:top_k] if scores[place] > 0]
    return {"order": order, "scores": {place: float(scores[place]) for place in [*order, *wanted]}}


def main(folder):
    asked = json.loads((folder / "asked.json").read_text("utf-8"))
    index = bm25s.BM25(method="lucene", k1=K1, b=B)
    index.index(tokens(asked["documents"]), show_progress=False)
    count = len(asked["documents"])
    found = [
        answer(score(index, words, count), wanted, asked["top_k"])
        for words, wanted in zip(tokens(asked["queries"]), asked["wanted"], strict=True)
    ]
    (folder / "scores.json").write_text(json.dumps(found), "utf-8")


main(Path(sys.argv[1]))
