"""The dialect of text-embeddings-inference, under /tei."""
