"""What HTTP may ask of what computes and keeps: plain structs in, plain structs out. Imports nothing of vecd."""

from server.contract.backend import Backend
from server.contract.embedding import Demand, Embeddings, Input, Rows, Timing
from server.contract.errors import ServerError
from server.contract.facts import Facts

__all__ = ["Backend", "Demand", "Embeddings", "Facts", "Input", "Rows", "ServerError", "Timing"]
