"""The daemon: HTTP in, embeddings out. `python -m server` is the front door.

`build_daemon` loads and checks a model and puts the engine together; `build_application` puts HTTP around it.
"""

from server.app import TOKENS_PER_RUN, build_application, build_daemon
from server.cores import granted_cores
from server.cost import Cost, Observation, fit_cost
from server.daemon import Daemon
from server.engine import Engine
from server.errors import ServerError
from server.jobs import Job
from server.library import MEMORY
from server.scheduler import Limits, Queue
from server.selfcheck import SESSIONS
from server.session import PROVIDERS, EqualLengthSession, Rows, Session
from server.settings import Settings, read_settings
from server.work import Demand, Embeddings

__all__ = [
    "MEMORY",
    "PROVIDERS",
    "SESSIONS",
    "TOKENS_PER_RUN",
    "Cost",
    "Daemon",
    "Demand",
    "Embeddings",
    "Engine",
    "EqualLengthSession",
    "Job",
    "Limits",
    "Observation",
    "Queue",
    "Rows",
    "ServerError",
    "Session",
    "Settings",
    "build_application",
    "build_daemon",
    "fit_cost",
    "granted_cores",
    "read_settings",
]
