"""The index measured in process: a corpus made of real sentences, its ingest, its searches, its start."""
