"""The interface of the engine and the documents to HTTP: plain structs in and out. Imports nothing of vecd."""
