"""Sends requests to a server for a while, and tells how many it answered and how soon.

wrk does it where it is on PATH. Otherwise a generator in Python does; it takes more of the processor away from the
server, so its ratios lie nearer to each other than wrk's.
"""

import asyncio
import re
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass

# As a proxy that ended TLS passes a browser's request on.
HEADERS = {"Host": "example.com", "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip, br"}
WRK = shutil.which("wrk")
MILLISECONDS = {"us": 0.001, "ms": 1, "s": 1000}


@dataclass(frozen=True)
class Load:
    """What a server did: requests per second, and milliseconds that half and 99 % of them took at most."""

    rate: float
    p50: float
    p99: float


def load(port: int, path: str, clients: int, seconds: int) -> Load:
    """Ask for a path over and over, by so many clients at once that keep their connections.

    Raises:
        RuntimeError: when an answer is not a success.
    """
    return by_wrk(port, path, clients, seconds) if WRK else asyncio.run(by_python(port, path, clients, seconds))


def by_wrk(port: int, path: str, clients: int, seconds: int) -> Load:
    headers = [argument for name, value in HEADERS.items() for argument in ("-H", f"{name}: {value}")]
    command = [WRK, "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "10s", *headers]
    command.append(f"http://127.0.0.1:{port}{path}")
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"{path} failed:\n{said}")
    latency = {
        percentage: float(number) * MILLISECONDS[unit]
        for percentage, number, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\b", said)
    }
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1))
    return Load(rate, latency["50"], latency["99"])


async def by_python(port: int, path: str, clients: int, seconds: int) -> Load:
    until = time.perf_counter() + seconds
    times = [t for client in await asyncio.gather(*(ask(port, path, until) for _ in range(clients))) for t in client]
    cuts = statistics.quantiles(times, n=100)
    return Load(len(times) / seconds, 1000 * cuts[49], 1000 * cuts[98])


async def ask(port: int, path: str, until: float) -> list[float]:
    """Ask as one client until a time; return the seconds that each answer took.

    A server may close a connection between two requests; then the client makes another, as browsers do.
    """
    head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()) + "\r\n"
    times: list[float] = []
    writer = None
    while (start := time.perf_counter()) < until:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode())
            closes = await read_answer(reader, path)
        except (asyncio.IncompleteReadError, ConnectionError):
            closes = True
        else:
            times.append(time.perf_counter() - start)
        if closes:
            writer.close()
            writer = None
    if writer:
        writer.close()
    return times


async def read_answer(reader: asyncio.StreamReader, path: str) -> bool:
    """Read one answer to its end; return whether the server will close the connection after it."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise RuntimeError(f"{path} failed:\n{head.decode('latin-1')}")
    if b"transfer-encoding: chunked" in head:
        while (size := int(await reader.readline(), 16)) > 0:
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    else:
        await reader.readexactly(int(re.search(rb"content-length: (\d+)", head).group(1)))
    return b"connection: close" in head


def seconds_for_all(port: int, path: str, requests: int) -> float:
    """Send requests all at once, each over a connection of its own; return the seconds until the last is answered."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
        writer.write(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        await read_answer(reader, path)
        writer.close()

    async def every() -> None:
        await asyncio.gather(*(one() for _ in range(requests)))

    start = time.perf_counter()
    asyncio.run(every())
    return time.perf_counter() - start
