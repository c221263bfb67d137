"""The OpenAPI document: made from the operations beside the handlers, the dialects and the limits of one daemon.

Handlers take the request whole, for speed, and so tell Litestar nothing; what they declare instead is read here. The
schemas are those of the structs that decode and encode, the statuses those that the dialects tell.
"""

from server.openapi.document import Subject, describe, template_of
from server.openapi.limits import Limits, Model, limits_of

__all__ = ["Limits", "Model", "Subject", "describe", "limits_of", "template_of"]
