"""The execution providers that may serve: the one that is set, or for `auto` the best first."""

import msgspec

from models.runtime import onnxruntime
from server.contract.errors import StartError
from server.engine.sessions.session import PROVIDERS


class ProviderChoice(msgspec.Struct, frozen=True):
    """A provider, cpu or cuda, and why it is chosen."""

    provider: str
    reason: str


def candidate_providers(wanted: str) -> list[ProviderChoice]:
    """Return the providers to try, in order: each one where those before it cannot be used.

    Raises:
        StartError: `wanted` is cuda, and this ONNX Runtime has no CUDA; it would silently use the CPU.
    """
    has_cuda = PROVIDERS["cuda"] in onnxruntime.get_available_providers()
    if wanted == "cpu":
        return [ProviderChoice("cpu", "as asked")]
    if wanted == "cuda" and not has_cuda:
        message = "--provider cuda: this ONNX Runtime has no CUDA; install the extra `cuda` instead of `cpu`"
        raise StartError(message)
    if not has_cuda:
        return [ProviderChoice("cpu", "auto: this ONNX Runtime has no CUDA")]
    onnxruntime.preload_dlls()
    if wanted == "cuda":
        return [ProviderChoice("cuda", "as asked")]
    return [ProviderChoice("cuda", "auto"), ProviderChoice("cpu", "auto: CUDA cannot be used here")]
