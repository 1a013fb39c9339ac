"""The add-on `vps` keeps the web process running: by systemd, by supervisor, or by pm2."""

import getpass
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import httpx
import pytest

from harness.baking import DEFAULTS, OPPOSITE
from harness.serving import PATIENCE, run, wait_for
from harness.systemd import Service, settings
from tests.conftest import Project, make_project, rows

MOST_EXPOSED = 2.0  # as systemd-analyze scores it: 0 is safest, 10 is without any protection
BEHIND_HTTPS = {"Host": "example.com", "X-Forwarded-Proto": "https"}  # as nginx sends it


def program_or_skip(name: str) -> str:
    """Return the path of a program that no Python package brings; where there is none skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} was not found on PATH")
    return found


@dataclass(frozen=True)
class Machine:
    """A server of one's own in a folder, laid out as deploy/README.md says, with one release."""

    project: Project
    folder: Path

    @property
    def door(self) -> Path:
        return self.folder / "run" / "web.sock"

    @property
    def release(self) -> Path:
        return self.folder / "srv" / "current"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def install(self, source: str, target: str) -> Path:
        """Copy a file of deploy/ to this machine, with its own paths and user."""
        text = (self.project.path / "deploy" / source).read_text(encoding="utf-8")
        for path in ("srv", "run", "etc"):
            text = text.replace(f"/{path}/my-site", str(self.folder / path))
        text = text.replace("/var/log/supervisor", str(self.folder))
        text = text.replace("user=my-site", f"user={getpass.getuser()}")
        path = self.folder / target
        path.write_text(text, encoding="utf-8")
        return path

    def get(self, path: str = "/", headers: dict[str, str] = BEHIND_HTTPS) -> httpx.Response:
        """Ask for a page by a connection of its own, as nginx does."""
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.door)), timeout=PATIENCE) as visitor:
            return visitor.get(f"http://example.com{path}", headers=headers)

    def answers(self) -> bool:
        with suppress(httpx.TransportError):
            return self.get("/livez").status_code == 200
        return False


@pytest.fixture(scope="module", params=rows(*(replace(row, add_ons="vps") for row in (DEFAULTS, OPPOSITE))))
def machine(request, tmp_path_factory) -> Iterator[Machine]:
    project = make_project(request.param, tmp_path_factory)
    with tempfile.TemporaryDirectory(prefix="vps-") as name:  # short: a socket's path has 107 characters at most
        machine = Machine(project, Path(name))
        for folder in ("srv/releases", "srv/media", "run", "etc"):
            (machine.folder / folder).mkdir(parents=True)
        release = shutil.copytree(project.path, machine.folder / "srv" / "releases" / "1")
        (release / ".venv").symlink_to(project.environment)
        machine.release.symlink_to(release)
        environment = project.production(DATABASE_URL=f"sqlite:///{machine.folder}/db.sqlite3")
        for name in (
            "PATH",
            "HOME",
            "PYTHONDONTWRITEBYTECODE",
            "DJANGO_SETTINGS_MODULE",
        ):  # which the files of deploy/ say themselves
            del environment[name]
        lines = [f"{name}='{value}'\n" for name, value in environment.items()]
        (machine.folder / "etc" / "environment").write_text("".join(lines), encoding="utf-8")
        env = project.production(DATABASE_URL=f"sqlite:///{machine.folder}/db.sqlite3")
        run("python", "manage.py", "collectstatic", "--noinput", cwd=release, env=env)
        add_slow_page(release)
        yield machine


def add_slow_page(release: Path) -> None:
    """Give a release a page, /slow/, that takes a second."""
    with (release / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write("\nimport time\nfrom django.http import HttpResponse\n")
        urls.write("def slow(request):\n    print('slow has begun', flush=True)\n    time.sleep(1)\n")
        urls.write("    return HttpResponse('slow has ended')\n")
        urls.write("urlpatterns += [path('slow/', slow)]\n")


@contextmanager
def visitors(machine: Machine) -> Iterator[list]:
    """Visit the site all the while; the list has what each visitor got, complete when the block has ended."""
    seen: list = []
    stop = Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                seen.append(machine.get("/livez").status_code)
            except httpx.TransportError as error:
                seen.append(repr(error))

    with ThreadPoolExecutor() as threads:
        for _ in range(3):
            threads.submit(visit)
        try:
            wait_for(lambda: len(seen) > 10, "visitors")
            yield seen
            count = len(seen)
            wait_for(lambda: len(seen) > count + 10, "visitors afterwards")
        finally:
            stop.set()


def visit_slow_page_while(machine: Machine, action: Callable[[], object]) -> str:
    """Return what the slow page says when something happens while it is in flight."""
    before = machine.log.read_text().count("slow has begun")
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(machine.get, "/slow/")
        wait_for(lambda: machine.log.read_text().count("slow has begun") > before, "the slow page to begin")
        action()
        return answer.result().text


def group(leader: int) -> set[int]:
    """Return the processes of a process group that are not dead."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == leader and state != "Z":
                found.add(int(stat.parent.name))
    return found


# systemd


def units(machine: Machine) -> list[Path]:
    program_or_skip("systemd-analyze")
    return [machine.install(f"systemd/site.{kind}", f"my-site.{kind}") for kind in ("service", "socket")]


def test_systemd_finds_nothing_wrong_with_the_units(machine):
    done = subprocess.run(["systemd-analyze", "verify", *units(machine)], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_systemd_would_find_a_mistake_in_the_units(machine):
    service, _ = units(machine)
    service.write_text(service.read_text().replace("PrivateTmp=yes", "PrivateTemp=yes"))
    done = subprocess.run(["systemd-analyze", "verify", service], capture_output=True, text=True)
    assert "PrivateTemp" in done.stderr


def test_the_service_is_confined(machine):
    service, _ = units(machine)
    command = ["systemd-analyze", "security", "--offline=yes", service]
    said = subprocess.run(command, capture_output=True, text=True).stdout
    exposure = float(re.search(r"Overall exposure level for my-site\.service: ([\d.]+)", said)[1])
    print(f"exposure: {exposure}")
    assert exposure <= MOST_EXPOSED


def test_the_units_agree_on_the_socket_and_who_may_reach_it(machine):
    service, socket_unit = map(settings, units(machine))
    assert socket_unit["ListenStream"] == [str(machine.door)]
    assert socket_unit["SocketUser"] == service["User"] == ["my-site"]
    assert socket_unit["SocketMode"] == ["0660"]


@pytest.fixture
def service(machine) -> Iterator[Service]:
    """The service, not started, with its socket held as systemd holds it."""
    unit, socket_unit = units(machine)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(settings(socket_unit)["ListenStream"][0])
    listener.listen(128)
    programs = f"{os.environ['PATH']}"
    service = Service(unit, listener, programs, machine.log)
    try:
        yield service
    except BaseException:
        print(machine.log.read_text())
        raise
    finally:
        service.kill()
        listener.close()
        machine.door.unlink()
        machine.log.unlink(missing_ok=True)


def crew(service: Service) -> set[int]:
    """Return the workers' processes; Python's resource tracker, which uvicorn's parent has, is none."""
    found = set()
    for process in group(service.process.pid) - {service.process.pid}:
        with suppress(OSError):  # it may have ended just now
            if b"resource_tracker" not in Path(f"/proc/{process}/cmdline").read_bytes():
                found.add(process)
    return found


def test_the_service_serves_the_site_and_believes_what_nginx_says_about_https(machine, service):
    service.start()
    page = machine.get()
    assert page.status_code == 200
    assert "<title>My Site</title>" in page.text
    css = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert machine.get(css).status_code == 200
    assert machine.get("/readyz").json() == {"status": "ok"}
    plain = machine.get(headers={"Host": "example.com", "X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://example.com/")
    assert visit_slow_page_while(machine, service.stop) == "slow has ended"
    assert service.process.returncode in {0, -signal.SIGTERM}
    assert "Traceback" not in machine.log.read_text()


def test_a_restart_and_a_reload_of_the_service_lose_no_visitor(machine, service):
    service.start()
    with visitors(machine) as seen:
        service.stop()
        service.start()
        wait_for(lambda: len(crew(service)) >= 2, "the workers")
        before, visits = crew(service), len(seen)
        wait_for(lambda: len(seen) > visits + 10, "visitors")
        service.reload()
        wait_for(lambda: not before & crew(service), "new workers")
    assert set(seen) == {200}
    assert service.process.poll() is None


def test_what_the_unit_forbids_is_refused_to_what_is_run_here(machine, service):
    actions = [
        "os.setpriority(os.PRIO_PROCESS, 0, 5)",
        "os.chown('/tmp', 0, 0)",
        "socket.socket(socket.AF_PACKET)",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "socket.socket(socket.AF_INET)",
    ]
    program = machine.folder / "forbidden.py"
    program.write_text(
        f"import mmap, os, socket\nfor action in {actions}:\n"
        "    try:\n        eval(action)\n        print('done')\n"
        "    except PermissionError:\n        print('refused')\n"
    )
    service.settings |= {"ExecStartPre": ["/bin/true"], "ExecStart": [f"{sys.executable} {program}"], "Type": ["exec"]}
    service.start()
    assert service.process.wait(PATIENCE) == 0
    assert machine.log.read_text().split() == ["refused"] * 4 + ["done"]


# supervisor

SUPERVISOR = """
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid

[unix_http_server]
file={folder}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/supervisor.sock

[include]
files={site}
"""


@pytest.fixture
def supervisorctl(machine) -> Iterator[Callable[..., str]]:
    """Run the site under a real supervisor; yield a function that runs supervisorctl."""
    site = machine.install("supervisor/site.conf", "site.conf")
    config = machine.folder / "supervisord.conf"
    config.write_text(SUPERVISOR.format(folder=machine.folder, site=site), encoding="utf-8")
    programs = Path(sys.executable).parent

    def control(*command: str) -> str:
        command = [programs / "supervisorctl", "-c", config, *command]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    log = machine.folder / "supervisord.out"
    with log.open("w") as output:
        daemon = subprocess.Popen([programs / "supervisord", "-c", config], stdout=output, stderr=subprocess.STDOUT)
    leader = 0
    try:
        wait_for(lambda: machine.answers() or daemon.poll() is not None, "the site under supervisor")
        leader = int(control("pid", "my-site"))
        yield control
    except BaseException:
        print(log.read_text())
        raise
    finally:
        daemon.terminate()
        try:
            daemon.wait(PATIENCE)
        finally:
            for process in (group(leader) if leader else set()) | ({daemon.pid} if daemon.poll() is None else set()):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            machine.door.unlink(missing_ok=True)


def test_supervisor_serves_the_site_writes_its_log_and_restarts_it_after_a_crash(machine, supervisorctl):
    assert "<title>My Site</title>" in machine.get().text
    plain = machine.get(headers={"Host": "example.com", "X-Forwarded-Proto": "http"})
    assert (plain.status_code, plain.headers["Location"]) == (301, "https://example.com/")
    machine.get("/no-such-page/")
    assert "/no-such-page/" in (machine.folder / "my-site.log").read_text()
    crashed = int(supervisorctl("pid", "my-site"))
    os.killpg(crashed, signal.SIGKILL)
    assert machine.door.exists()  # it is left behind, and in the way
    wait_for(lambda: supervisorctl("pid", "my-site") not in {"0", str(crashed)} and machine.answers(), "a new one")


def test_supervisor_stops_the_site_in_time_and_leaves_nothing_behind(machine, supervisorctl):
    leader = int(supervisorctl("pid", "my-site"))
    assert len(group(leader)) > 2
    log, machine_log = machine.folder / "my-site.log", machine.log
    machine_log.unlink(missing_ok=True)
    machine_log.symlink_to(log)
    try:
        text = visit_slow_page_while(machine, lambda: supervisorctl("stop", "my-site"))
    finally:
        machine_log.unlink()
    assert text == "slow has ended"
    assert "STOPPED" in supervisorctl("status", "my-site")
    assert group(leader) == set()


# pm2


def test_pm2_is_told_a_command_that_serves_and_stops_gently(machine):
    node = program_or_skip("node")
    config = machine.install("pm2/ecosystem.config.js", "ecosystem.config.js")
    said = run(node, "-p", f"JSON.stringify(require({str(config)!r}))", cwd=machine.folder, env=dict(os.environ))
    [app] = json.loads(said)["apps"]
    assert (app["name"], app["interpreter"], app["treekill"]) == ("my-site", "none", False)
    assert app["kill_timeout"] > 25_000  # milliseconds
    with machine.log.open("w") as output:
        process = subprocess.Popen(
            [app["script"], *app["args"]],
            cwd=app["cwd"],
            env={"PATH": os.environ["PATH"]} | app["env"],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: machine.answers() or process.poll() is not None, "the site under pm2")
        assert machine.get().status_code == 200
        text = visit_slow_page_while(machine, lambda: process.send_signal(signal.SIGINT))  # as pm2 does
        assert text == "slow has ended"
        assert process.wait(PATIENCE) == 0
        assert group(process.pid) == set()
    finally:
        print(machine.log.read_text())
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        machine.log.unlink()
        machine.door.unlink(missing_ok=True)
