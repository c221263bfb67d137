"""`python -m tests.index.chroma`: makes chromadb's environment beforehand, so that no test waits for it."""

from tests.index.chroma.environment import chroma_python

chroma_python()
