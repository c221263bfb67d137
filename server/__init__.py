"""The daemon: HTTP in, embeddings and hits out. `python -m server` runs it; other rooms enter by its wings."""
