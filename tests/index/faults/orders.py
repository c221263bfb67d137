"""What a child is told to do, and which call of it is to fail."""

import msgspec

from tests.index.torture.operations import Model

NEVER = "*:0:EIO:once"
# What a process does after its operation: it is killed at once, or goes on writing and is killed, or closes.
ENDINGS = ("killed", "killed later", "closed")


class Fault(msgspec.Struct, frozen=True):
    """The `place`-th call of a name fails, from 1; 0 is none. `often` is once, forever, or either with `:short`."""

    call: str
    place: int
    error: str
    often: str

    @property
    def spec(self) -> str:
        return f"{self.call}:{self.place}:{self.error}:{self.often}" if self.place else NEVER

    @property
    def kind(self) -> str:
        return f"{self.call} {self.error} {self.often}"


NO_FAULT = Fault("*", 0, "", "")


class Orders(msgspec.Struct, frozen=True):
    """`folder` holds what is watched, `log` and `report` lie elsewhere. `lie` is for trying the sweep itself.

    `settings` says that whoever looks at what is left looks at the settings too."""

    act: str
    folder: str
    log: str
    report: str
    spec: str = NEVER
    ending: str = "closed"
    model: Model = Model(0)
    lie: str = ""
    settings: bool = False
