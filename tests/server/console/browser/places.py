"""Where the console is served: straight from the daemon, behind nginx under /vecd/, and by a daemon that wants keys."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.running import RunningServer, start_server
from tests.server.daemon import free_port, make_key
from tests.server.polling import until

# Where Debian has it, which is not on everybody's path.
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
STOP_TIMEOUT_S = 20
# Marks what is tested at every place.
everywhere = pytest.mark.parametrize("place", ["direct", "nginx", "keyed"], indirect=True)
SCOPES = "embed,search,write,admin"
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 32m;
  server {{
    listen 127.0.0.1:{port};
    location /vecd/ {{
      proxy_pass {server}/;
    }}
  }}
}}
"""


class Place(msgspec.Struct, frozen=True):
    """An address of the console without its last slash, and the key that opens it, if one has to be shown."""

    url: str
    key: str = ""

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def with_keys(folder: Path) -> Iterator[Place]:
    """Run a daemon that wants keys."""
    file = folder / "keys.json"
    key = make_key(file, SCOPES)
    with start_server("--keys", str(file), "--data", ":memory:") as server:
        yield Place(server.url, key)


@contextmanager
def behind_nginx(server: RunningServer, folder: Path) -> Iterator[Place]:
    """Run nginx in front of a daemon, under a path of its own.

    Raises:
        pytest.skip.Exception: there is no nginx on this machine.
    """
    if NGINX is None:
        pytest.skip("needs nginx: apt-get install nginx-light")
    port, file = free_port(), folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, server=server.url), "utf-8")
    command = [NGINX, "-e", str(folder / "log"), "-c", str(file), "-p", str(folder)]
    with subprocess.Popen(command) as process:
        try:
            until(lambda: _listens(port))
            yield Place(f"http://127.0.0.1:{port}/vecd")
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def _listens(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
