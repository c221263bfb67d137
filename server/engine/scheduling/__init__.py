"""Scheduling: which texts run together, when, and on which thread."""

from server.engine.scheduling.cores import granted_cores
from server.engine.scheduling.cost import Cost, Observation, fit_cost
from server.engine.scheduling.job import Job
from server.engine.scheduling.scheduler import Limits, Queue

__all__ = ["Cost", "Job", "Limits", "Observation", "Queue", "fit_cost", "granted_cores"]
