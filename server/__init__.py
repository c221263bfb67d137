"""The daemon: HTTP in, embeddings and hits out. `python -m server` runs it; other rooms import its wings."""
