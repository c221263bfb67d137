"""The most that an application on uvicorn can do: `python -m bench.servers.ceiling --port PORT --answer FILE`.

Every request is read and answered with the bytes of the file; nothing is decoded, looked up, counted or logged. uvicorn
runs as it does under vecd.
"""

import argparse
from pathlib import Path

import uvicorn
from litestar.types import Receive, Scope, Send

from bench.traffic.target import HOST


class Constant:
    """An ASGI application of one answer."""

    def __init__(self, answer: bytes) -> None:
        self._body = answer
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        self._headers = headers

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body", False):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body, "more_body": False})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    options = parser.parse_args()
    uvicorn.run(
        Constant(options.answer.read_bytes()),
        host=HOST,
        port=options.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
