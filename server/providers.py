"""Which execution provider serves: what was asked for, or for `auto` the best that this machine can really use."""

import msgspec

from models import onnxruntime
from server.errors import StartError
from server.session import PROVIDERS


class ProviderChoice(msgspec.Struct, frozen=True):
    """The provider, cpu or cuda, and why it was taken."""

    provider: str
    reason: str


def choose_provider(asked: str) -> ProviderChoice:
    """Return the provider to use.

    Raises:
        StartError: CUDA was asked for and this ONNX Runtime has none. ONNX Runtime itself would use the CPU in silence.
    """
    has_cuda = PROVIDERS["cuda"] in onnxruntime.get_available_providers()
    if asked == "cpu":
        return ProviderChoice("cpu", "as asked")
    if asked == "cuda":
        if not has_cuda:
            message = "--provider cuda: this ONNX Runtime has no CUDA; install the extra `cuda` instead of `cpu`"
            raise StartError(message)
        onnxruntime.preload_dlls()
        return ProviderChoice("cuda", "as asked")
    if has_cuda:
        onnxruntime.preload_dlls()
        return ProviderChoice("cuda", "auto: this ONNX Runtime has CUDA")
    return ProviderChoice("cpu", "auto: this ONNX Runtime has no CUDA")
