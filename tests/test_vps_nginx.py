"""The add-on « vps » puts nginx before the site: what it does with real visitors, good and bad."""

import gzip
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import trustme

from harness.baking import DEFAULTS, OPPOSITE
from harness.nginx import Nginx, programs
from harness.serving import PATIENCE, free_port, procfile, run, wait_for
from tests.conftest import Project, make_project, rows

HOST = "example.com"
PASSWORD = "correct-horse-battery"
AUTHORITY = trustme.CA()

# A page that tells what Django sees of a request.
MIRROR = """
from django.http import JsonResponse

def mirror(request):
    seen = {name: value for name, value in request.META.items() if name.startswith("HTTP_")}
    seen |= {"scheme": request.scheme, "host": request.get_host(), "REMOTE_ADDR": request.META.get("REMOTE_ADDR")}
    seen |= {"SCRIPT_NAME": request.META["SCRIPT_NAME"], "SERVER_PORT": request.META["SERVER_PORT"]}
    return JsonResponse(seen)

urlpatterns += [path("mirror/", mirror)]
"""

# What a visitor may claim, in the words of all sorts of proxies; gunicorn reads three of these.
FORGED = {
    "Forwarded": "for=6.6.6.6;host=forged.example;proto=http",
    "Proxy": "http://forged.example",
    "True-Client-IP": "6.6.6.6",
    "X-Client-IP": "6.6.6.6",
    "X-Cluster-Client-IP": "6.6.6.6",
    "X-Forwarded-For": "6.6.6.6, 127.0.0.1",
    "X-Forwarded-Host": "forged.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/forged",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Scheme": "forged",
    "X-Forwarded-Server": "forged.example",
    "X-Forwarded-Ssl": "off",
    "X-HTTP-Method-Override": "FORGED",
    "X-Original-URL": "/forged",
    "X-Real-IP": "6.6.6.6",
    "X-Request-ID": "forged-request-id",
    "X-Rewrite-URL": "/forged",
    "X-Scheme": "forged",
    "X_Forwarded_For": "6.6.6.6",
    "X_Forwarded_Proto": "http",
    "SCRIPT_NAME": "/forged",
}


class Site:
    """The project, served by its Procfile's server on a unix socket."""

    def __init__(self, project: Project, env: dict[str, str]) -> None:
        self.project = project
        self.env = env
        self.folder = Path(tempfile.mkdtemp(prefix="slipway-"))  # short: a socket's path has 100 characters
        self.socket = self.folder / "web.sock"
        self.log_file = self.folder / "log"

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def command(self) -> str:
        web = procfile(self.project.path)["web"]
        if self.project.row.server == "gunicorn":
            return f"{web} --bind unix:{self.socket}"
        return re.sub(r"--host \S+ --port \S+", f"--uds {self.socket}", web)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask the server itself, as nginx would."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.socket)), timeout=PATIENCE) as client:
            return client.get(f"http://{HOST}{path}", headers=headers)

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self.get("/livez").status_code == 200
        return False

    @contextmanager
    def running(self) -> Iterator["Site"]:
        with self.log_file.open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.command()}"],
                cwd=self.project.path,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(self.answers, "the site to answer")
            yield self
        except BaseException:
            print(self.log)  # pytest shows it below the failure
            raise
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            finally:
                process.kill()
                shutil.rmtree(self.folder)


class ToNginx(httpx.HTTPTransport):
    """Finds every host at nginx's ports on this machine."""

    def __init__(self, ports: dict[str, int], tls: ssl.SSLContext) -> None:
        super().__init__(verify=tls)
        self.ports = ports

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(host="127.0.0.1", port=self.ports[request.url.scheme])
        extensions = {"sni_hostname": request.url.host} | request.extensions
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=extensions
        )
        return super().handle_request(there)


class Front:
    """A running nginx with a copy of the project's site.conf."""

    def __init__(self, nginx: Nginx, project: Path, socket: Path, folder: Path) -> None:
        self.nginx = nginx
        self.folder = folder
        self.ports = {"http": free_port(), "https": free_port()}
        self.text = self.adapted(project, socket)
        certificate = AUTHORITY.issue_cert(HOST, f"www.{HOST}")
        certificate.private_key_pem.write_to_path(str(folder / "privkey.pem"))
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(str(folder / "fullchain.pem"), append=True)
        self.tls = ssl.create_default_context()
        AUTHORITY.configure_trust(self.tls)

    def adapted(self, project: Path, socket: Path) -> str:
        """Return site.conf with this run's folders and ports, and nothing else changed."""
        text = (project / "deploy" / "nginx" / "site.conf").read_text(encoding="utf-8")
        ports = {"80": self.ports["http"], "443": self.ports["https"]}
        text = re.sub(r"listen (\d+)", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text)
        ipv6 = r"listen [::1]:{}" if has_ipv6() else "# {}"
        text = re.sub(r"listen \[::\]:(\d+)", lambda found: ipv6.format(ports[found[1]]), text)
        places = {
            "/etc/letsencrypt/live/example.com": self.folder,
            "/run/my-site/web.sock": socket,
            "/srv/my-site/current": project,
            "/var/log/nginx": self.folder,
            "/var/www/my-site": project / "deploy" / "nginx",
            "/var/www/html": self.folder / "letsencrypt",
        }
        for place, here in places.items():
            assert place in text
            text = text.replace(place, str(here))
        return text

    @contextmanager
    def running(self) -> Iterator["Front"]:
        with self.nginx.running(self.text, self.folder), self.visitor() as client:
            self.get, self.post = client.get, client.post
            yield self

    def visitor(self, **options) -> httpx.Client:
        transport = ToNginx(self.ports, self.tls)
        return httpx.Client(transport=transport, base_url=f"https://{HOST}", timeout=PATIENCE, **options)

    def connect(self) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.ports["https"]), timeout=PATIENCE)
        return self.tls.wrap_socket(plain, server_hostname=HOST)

    def log(self, path: str) -> dict[str, object]:
        """Wait for the line about a path in the access log, and return it."""
        file = self.folder / "my-site.log"
        wait_for(lambda: f'"path":"{path}"' in file.read_text(encoding="utf-8"), f"{path} in the log")
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["path"] == path][-1]


def has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as listener:
        listener.bind(("::1", 0))
        return True
    return False


@pytest.fixture(scope="module", params=rows(DEFAULTS, OPPOSITE))
def site(request, tmp_path_factory) -> Iterator[Site]:
    project = make_project(request.param, tmp_path_factory, add_ons="vps")
    with (project.path / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write(MIRROR)
    env = project.production(
        DATABASE_URL=f"sqlite:///{project.path / 'db.sqlite3'}",
        DJANGO_LOG_JSON="true",
        FORWARDED_ALLOW_IPS="*",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    manage = ["python", "manage.py"]
    run(*manage, "collectstatic", "--noinput", cwd=project.path, env=env)
    run(*manage, "migrate", "--noinput", cwd=project.path, env=env)
    admin = ["createsuperuser", "--noinput", "--username", "ann", "--email", "ann@example.com"]
    run(*manage, *admin, cwd=project.path, env=env)
    (project.path / "media").mkdir()
    with Site(project, env).running() as site:
        yield site


@pytest.fixture(params=programs(), ids=str)
def nginx(request) -> Nginx:
    return request.param


@pytest.fixture
def front(nginx, site, tmp_path) -> Iterator[Front]:
    """Nginx before the site."""
    with Front(nginx, site.project.path, site.socket, tmp_path).running() as front:
        yield front


@pytest.fixture
def lone_front(nginx, site, tmp_path) -> Iterator[Front]:
    """Nginx before a site that is down."""
    with Front(nginx, site.project.path, tmp_path / "nobody.sock", tmp_path).running() as front:
        yield front


def stylesheet(site: Site) -> str:
    page = site.get("/", **{"X-Forwarded-Proto": "https"}).text
    return page.partition('rel="stylesheet" href="')[2].partition('"')[0]


# The file itself


def test_nginx_accepts_it_without_a_word(nginx, site, tmp_path):
    front = Front(nginx, site.project.path, site.socket, tmp_path)
    command = nginx.write(front.text, tmp_path)
    done = subprocess.run([*command, "-t", "-q"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_gixy_finds_no_weakness(nginx, site, tmp_path):
    nginx.write(Front(nginx, site.project.path, site.socket, tmp_path).text, tmp_path)
    command = [sys.executable, "-m", "gixy", "--format", "json", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert json.loads(done.stdout) == [], done.stderr


# The ways in


def test_http_leads_to_https_but_for_the_authority_of_certificates(front):
    moved = front.get(f"http://{HOST}/admin/?next=/")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"https://{HOST}/admin/?next=/")
    challenge = front.folder / "letsencrypt" / ".well-known" / "acme-challenge" / "token"
    challenge.parent.mkdir(parents=True, exist_ok=True)
    challenge.write_text("proof")
    assert front.get(f"http://{HOST}/.well-known/acme-challenge/token").text == "proof"


def test_an_unknown_host_gets_nothing(front):
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        front.get("http://unknown.example/")
    with pytest.raises(httpx.ConnectError, match="unrecognized name"):
        front.get("https://unknown.example/")
    with front.visitor() as visitor, pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        visitor.get("https://unknown.example/", extensions={"sni_hostname": HOST})
    assert front.get(f"https://www.{HOST}/livez").status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_tls_is_refused(front):
    front.tls.set_ciphers("ALL:@SECLEVEL=0")
    front.tls.minimum_version = ssl.TLSVersion.TLSv1
    front.tls.maximum_version = ssl.TLSVersion.TLSv1_2
    with front.connect() as connection:
        assert connection.version() == "TLSv1.2"
    front.tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        front.connect()


def test_http2_is_offered(front):
    front.tls.set_alpn_protocols(["h2", "http/1.1"])
    with front.connect() as connection:
        assert connection.selected_alpn_protocol() == "h2"


# Pages


def test_a_visitor_logs_in_over_https_and_is_not_sent_in_circles(front):
    with front.visitor(follow_redirects=True) as visitor:
        assert visitor.get("http://example.com/").status_code == 200
        form = visitor.get("/admin/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)[1]
        answers = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/"}
        page = visitor.post("/admin/login/", data=answers, headers={"Origin": f"https://{HOST}"})
        assert (page.status_code, page.url.path) == (200, "/admin/")
        assert {"__Host-sessionid", "__Host-csrftoken"} <= set(visitor.cookies)
        assert page.headers["Strict-Transport-Security"]
        assert re.fullmatch(r"nginx", page.headers["Server"])


def test_what_a_visitor_claims_reaches_nobody(site, front):
    seen = front.get("/mirror/", headers=FORGED).json()
    assert not [value for value in seen.values() if re.search("6[.]6|666|(?i:forged)", str(value))]
    assert seen["scheme"] == "https"
    assert seen["host"] == HOST
    assert seen["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    # uvicorn puts the visitor's address here; gunicorn leaves what a unix socket knows of it, which is nothing.
    assert seen["REMOTE_ADDR"] == {"uvicorn": "127.0.0.1", "gunicorn": ""}[site.project.row.server]
    assert re.fullmatch("[0-9a-f]{32}", seen["HTTP_X_REQUEST_ID"])
    ours = {"X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_REQUEST_ID"}
    names = {name.upper().replace("-", "_") for name in FORGED} - ours
    assert not {f"HTTP_{name}" for name in names} & set(seen)


def test_pages_that_may_hold_secrets_are_not_compressed(front):
    assert "Content-Encoding" not in front.get("/admin/login/", headers={"Accept-Encoding": "gzip"}).headers


def test_over_a_unix_socket_gunicorn_believes_nginx_and_uvicorn_must_be_told_to(site):
    https = {"X-Forwarded-Proto": "https"}
    assert site.get("/mirror/", **https).json()["scheme"] == "https"
    untold = Site(site.project, {name: value for name, value in site.env.items() if name != "FORWARDED_ALLOW_IPS"})
    with untold.running():
        believed = untold.get("/mirror/", **https).status_code == 200
    assert believed == (site.project.row.server == "gunicorn")


# Files


def test_hashed_static_files_are_kept_for_ever_and_need_no_site(site, lone_front):
    path = stylesheet(site)
    assert re.search(r"\.[0-9a-f]{12}\.css$", path)
    answer = lone_front.get(path, headers={"Accept-Encoding": "identity"})
    assert answer.content == (site.project.path / "staticfiles" / path.removeprefix("/static/")).read_bytes()
    direct = site.get(path)  # WhiteNoise's answer
    for name in ("Cache-Control", "Content-Security-Policy", "Cross-Origin-Resource-Policy", "X-Content-Type-Options"):
        assert sorted(answer.headers[name].split(", ")) == sorted(direct.headers[name].split(", "))
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


def test_other_static_files_are_kept_a_minute_and_missing_ones_not_at_all(lone_front):
    assert lone_front.get("/static/favicon.svg").headers["Cache-Control"] == "max-age=60, public"
    missing = lone_front.get("/static/missing.0123456789ab.css")
    assert missing.status_code == 404
    assert "Cache-Control" not in missing.headers
    assert missing.headers["X-Content-Type-Options"] == "nosniff"


def test_static_files_come_compressed_as_they_were_collected(site, lone_front):
    if not lone_front.nginx.compresses_ahead:
        pytest.skip("this nginx was built without gzip_static: install the machine's own")
    path = stylesheet(site)
    with lone_front.visitor() as visitor, visitor.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        content = b"".join(answer.iter_raw())
    file = site.project.path / "staticfiles" / path.removeprefix("/static/")
    assert content == file.with_name(f"{file.name}.gz").read_bytes()
    assert gzip.decompress(content) == file.read_bytes()
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")


def test_no_path_leads_out_of_the_folders(lone_front):
    for path in ("/static/../manage.py", "/static../manage.py", "/media../manage.py", "/media/%2e%2e/manage.py"):
        with lone_front.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
            answer = connection.makefile("rb").read()
        assert b"DJANGO_SETTINGS_MODULE" not in answer
        assert answer.split()[1] in {b"400", b"404", b"503"}


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "paper.pdf", "unknown", "PAGE.HTML", "a.png.html"])
def test_uploads_that_could_act_are_saved_and_not_shown(site, lone_front, name):
    (site.project.path / "media" / name).write_text("<script>alert(1)</script>")
    answer = lone_front.get(f"/media/{name}")
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "sandbox"} <= set(policy)
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_uploaded_pictures_are_shown_but_no_script_in_them(site, lone_front):
    (site.project.path / "media" / "photo.PNG").write_bytes(b"<script>alert(1)</script>")
    answer = lone_front.get("/media/photo.PNG")
    assert "Content-Disposition" not in answer.headers
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


# Limits


def test_sending_passwords_is_limited_and_looking_at_the_form_is_not(front):
    looks = [front.get("/admin/login/").status_code for _ in range(30)]
    assert set(looks) == {200}
    tries = [front.post("/admin/login/", data={"username": "ann"}).status_code for _ in range(25)]
    assert tries[:21] == [403] * 21
    assert set(tries[22:]) == {429}
    assert front.post("/admin/log%69n/").status_code == 429
    assert front.get("/admin/login/").status_code == 200
    assert front.post("/").status_code == 403


def test_a_body_of_two_megabytes_is_the_largest(front):
    assert front.post("/", content=b"x" * (2 * 1024 * 1024)).status_code == 403
    assert front.post("/", content=b"x" * (2 * 1024 * 1024 + 1)).status_code == 413


def test_two_hundred_slow_visitors_keep_nobody_waiting_and_are_sent_away(site, tmp_path):
    front = Front(programs()[0], site.project.path, site.socket, tmp_path)
    front.text = re.sub(r"(client_(header|body)_timeout) 10s", r"\1 3s", front.text)
    halves = [
        b"GET / HTTP/1.1\r\nHost: exam",
        b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 99\r\n\r\nhalf",
    ]
    with front.running():
        slow = [front.connect() for _ in range(200)]
        for number, connection in enumerate(slow):
            # A visitor may have 100 requests at once: those whose header is there.
            connection.sendall(halves[number < 50])
        began = time.monotonic()
        assert front.get("/").status_code == 200
        assert time.monotonic() - began < 2  # before nginx has sent any away
        for connection in slow:
            with suppress(ssl.SSLError, ConnectionError):
                assert b"200 OK" not in connection.recv(4096)  # returns when nginx hangs up
            connection.close()


# When something is wrong


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_site_there_is_a_page_that_says_come_back(lone_front, method):
    with lone_front.visitor() as visitor:
        answer = visitor.request(method, "/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Back in a moment" in answer.text
    assert "请稍候" in answer.text
    assert not re.search(r"(?i)<script|<link|<img|https?://|url\(|style=|@import", answer.text)
    assert "style-src 'unsafe-inline'" in answer.headers["Content-Security-Policy"]
    assert lone_front.get("/maintenance.html").status_code == 404


def test_a_site_that_is_not_ready_says_so_itself(site, tmp_path):
    down = Site(site.project, site.env | {"DATABASE_URL": "postgres://nobody@127.0.0.1:9/nothing"})
    with down.running(), Front(programs()[0], site.project.path, down.socket, tmp_path).running() as front:
        answer = front.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"status": "failed", "failed": ["database"]}
        assert front.get("/livez").status_code == 200


def test_a_ready_site_says_so_to_monitors(front):
    assert front.get("/readyz").json() == {"status": "ok"}


# The log


def test_the_log_is_json_with_the_request_id_of_the_sites_own(site, front):
    headers = {"User-Agent": 'a "quoted"\tname', "Referer": f"https://{HOST}/?token=hidden", "Cookie": "c=hidden"}
    answer = front.get("/mirror/?token=hidden", headers=headers)
    line = front.log("/mirror/")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert line["agent"] == 'a "quoted"\tname'
    assert (line["method"], line["host"], line["address"]) == ("GET", HOST, "127.0.0.1")
    assert (line["status"], line["site_status"]) == ("200", "200")
    assert line["seconds"] < PATIENCE
    assert any(line["request_id"] in of_the_site and "/mirror/" in of_the_site for of_the_site in site.log.splitlines())
    assert "hidden" not in (front.folder / "my-site.log").read_text(encoding="utf-8")


def test_the_log_tells_what_was_asked_for_also_when_the_site_is_down(lone_front):
    lone_front.get("/asked/for/?token=hidden")
    assert lone_front.log("/asked/for/")["status"] == "503"
    assert os.path.getsize(lone_front.folder / "error.log")
