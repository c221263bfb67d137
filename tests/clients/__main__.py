"""`python -m tests.clients`: makes the environments of the clients beforehand, so that no test waits for them."""

from tests.clients.environments import PROGRAMS

for program in PROGRAMS.values():
    program()
