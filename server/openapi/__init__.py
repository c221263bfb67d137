"""The OpenAPI document: made from the operations beside the handlers, the dialects and the limits of one daemon.

Handlers take the whole request, for speed, so Litestar knows nothing of bodies and parameters; the operations declare
them. The schemas are those of the structs that decode and encode, the statuses those that the dialects answer.
"""

from server.openapi.document import Subject, describe, template_of
from server.openapi.limits import Limits, Model, limits_of

__all__ = ["Limits", "Model", "Subject", "describe", "limits_of", "template_of"]
