"""Run in chromadb's own environment: documents and filters in on standard input, who matches each out.

In: {"documents": [metadata or null], "filters": [where]}; out: [[number of the document]], an error is a text instead.
"""

import json
import sys

import chromadb
from chromadb.config import Settings

given = json.load(sys.stdin)
client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
collection = client.create_collection("documents", embedding_function=None)
for number, metadata in enumerate(given["documents"]):
    collection.add(ids=[str(number)], embeddings=[[1.0, 0.0]], metadatas=metadata and [metadata])
answers = []
for where in given["filters"]:
    try:
        answers.append(sorted(int(found) for found in collection.get(where=where, include=[])["ids"]))
    except (ValueError, chromadb.errors.ChromaError) as error:
        answers.append(f"{type(error).__name__}: {error}")
json.dump(answers, sys.stdout)
