"""The interface of the engine and the documents to HTTP: plain structs in and out. Imports nothing of vecd."""

from server.contract.backend import Backend
from server.contract.embedding import Demand, Embeddings, Input, Rows, Timing
from server.contract.errors import ServerError
from server.contract.facts import Facts

__all__ = ["Backend", "Demand", "Embeddings", "Facts", "Input", "Rows", "ServerError", "Timing"]
