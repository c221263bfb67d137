"""The model in ONNX Runtime: providers, variants, their adapters and the self-check."""

from server.engine.sessions.selfcheck import SESSIONS, sessions_over, sessions_with
from server.engine.sessions.session import PROVIDERS, EqualLengthSession, Rows, Session

__all__ = ["PROVIDERS", "SESSIONS", "EqualLengthSession", "Rows", "Session", "sessions_over", "sessions_with"]
