"""Which execution providers may serve: what was asked for, or for `auto` the best first."""

import msgspec

from models.runtime import onnxruntime
from server.contract.errors import StartError
from server.engine.sessions.session import PROVIDERS


class ProviderChoice(msgspec.Struct, frozen=True):
    """A provider, cpu or cuda, and why it is taken."""

    provider: str
    reason: str


def candidate_providers(asked: str) -> list[ProviderChoice]:
    """Return the providers to try, in order; the next one is for where the one before cannot be used.

    Raises:
        StartError: CUDA was asked for and this ONNX Runtime has none. ONNX Runtime itself would use the CPU in silence.
    """
    has_cuda = PROVIDERS["cuda"] in onnxruntime.get_available_providers()
    if asked == "cpu":
        return [ProviderChoice("cpu", "as asked")]
    if asked == "cuda" and not has_cuda:
        message = "--provider cuda: this ONNX Runtime has no CUDA; install the extra `cuda` instead of `cpu`"
        raise StartError(message)
    if not has_cuda:
        return [ProviderChoice("cpu", "auto: this ONNX Runtime has no CUDA")]
    onnxruntime.preload_dlls()
    if asked == "cuda":
        return [ProviderChoice("cuda", "as asked")]
    return [ProviderChoice("cuda", "auto"), ProviderChoice("cpu", "auto: CUDA cannot be used here")]
