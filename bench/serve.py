"""Compares the generated project's two doors with startproject and with a bare Django view, under the same servers.

    python -m bench.serve                  gunicorn/WSGI and uvicorn/ASGI, each by its Procfile's own command
    python -m bench.serve --static-doors   ways to serve static files under ASGI, and uvicorn without its extras

Rounds are interleaved, and medians of the ratios within a round are printed: one machine's figures say little about
another's, and those of a busy minute little about the next.
"""

import argparse
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import static_doors
from bench.load import HEADERS, WRK, Load, load, seconds_for_all
from bench.sites import WORKERS, Postgres, Site, baked, bare, hashed, postgres, started
from harness.baking import CHOICES, Row, environment
from harness.serving import Server

CLIENTS = 16  # that ask at the same time
WARM_UP = 30  # requests for each page before anything is measured
FIGURES = {
    "rate": "Requests per second (more is better)",
    "p50": "Time in which half of the requests were answered (less is better)",
    "p99": "Time in which 99 % of the requests were answered (less is better)",
}


@dataclass(frozen=True)
class Cell:
    """One place in a table: a page of a site, and how many clients ask for it."""

    site: str
    page: str
    path: str
    clients: int = CLIENTS


Round = dict[Cell, Load]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=2, help="of load on each page in each round (default: 2)")
    parser.add_argument("--rounds", type=int, default=4, help="how often each page is measured (default: 4)")
    parser.add_argument("--django", choices=CHOICES["django_version"], default=CHOICES["django_version"][0])
    parser.add_argument("--static-doors", action="store_true", help="compare ways to serve static files under ASGI")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder) / "postgres") as database:
        say("Preparing the sites")
        if options.static_doors:
            compare_static_doors(options, Path(folder), database)
        else:
            compare_doors(options, Path(folder), database)


def say(line: str) -> None:
    """Show progress, apart from the result."""
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)


def compare_doors(options: argparse.Namespace, folder: Path, database: Postgres) -> None:
    sites = doors(options.django, folder, database)
    cells = [Cell(site.name, page, path) for site in sites for page, path in pages(site).items()]
    rounds = measure(sites, cells, options)
    print_conditions(options)
    print(f"1.00 is startproject's constant page under gunicorn; {CLIENTS} clients")
    base = next(cell for cell in cells if (cell.site, cell.page) == ("gunicorn, startproject", "constant"))
    for figure, meaning in FIGURES.items():
        print_table(meaning, figure, rounds, dict.fromkeys(cells, base))
    uvicorn = next(site for site in sites if site.name == "uvicorn, psycopg")
    with uvicorn.served(WEB_CONCURRENCY="1") as server:
        took = statistics.median(seconds_for_all(server.port, "/example-async/", 100) for _ in range(3))
    print(f"\n100 requests at once that each wait half a second, on one worker of uvicorn: {took:.2f} seconds in all")


def doors(django: str, folder: Path, database: Postgres) -> list[Site]:
    """Return baked projects behind both doors, and behind the same doors what they are compared with."""
    sites = []
    for server, drivers in {"gunicorn": ["psycopg2-binary", "psycopg"], "uvicorn": ["psycopg"]}.items():
        projects = []
        for driver in drivers:
            row = Row(django, server, driver)
            venv = environment(row, folder / "requirements" / str(row))
            projects.append(baked(f"{server}, {driver.removesuffix('-binary')}", row, folder, database, venv))
        sites.append(bare(f"{server}, bare view", projects[0], folder))
        sites.append(started(f"{server}, startproject", projects[0], folder, database))
        sites += projects
    return sites


def pages(site: Site) -> dict[str, str]:
    """Return the paths of what is asked of a site, by the names of the table's columns."""
    found = {"constant": "/bench/constant/"}
    if "bare" not in site.name:
        found |= {"one query": "/bench/query/", "20 rows": "/bench/rows/"}
    if "psycopg" in site.name:
        found |= {"home": "/", "static file": hashed(site, "css/site.css")}
    return found


def compare_static_doors(options: argparse.Namespace, folder: Path, database: Postgres) -> None:
    sites = static_doors.variants(options.django, folder, database)
    cells = [
        Cell(site.name, f"{page}, {clients}", path, clients)
        for clients in (1, 16, 64)
        for page in ("3 KB", "300 KB", "home")
        for site in sites
        if (path := static_doors.path(site, page))
    ]
    rounds = measure(sites, cells, options)
    print_conditions(options)
    print("1.00 is the generated project as it is; columns: what is asked for, by how many clients")
    reference = {cell.page: cell for cell in cells if cell.site == sites[0].name}
    bases = {cell: reference[cell.page] for cell in cells}
    for figure, meaning in FIGURES.items():
        print_table(meaning, figure, rounds, bases)


def measure(sites: list[Site], cells: list[Cell], options: argparse.Namespace) -> list[Round]:
    """Serve all sites and measure all cells, round after round."""
    with ExitStack() as stack:
        servers = {site.name: stack.enter_context(site.served()) for site in sites}
        for cell in cells:
            warm_up(servers[cell.site], cell.path)
        rounds = []
        minutes = options.rounds * len(cells) * options.seconds / 60
        say(f"Measuring for about {minutes:.0f} minutes with {'wrk' if WRK else 'a generator in Python'}")
        for number in range(options.rounds):
            rounds.append(
                {cell: load(servers[cell.site].port, cell.path, cell.clients, options.seconds) for cell in cells}
            )
            say(f"Round {number + 1} of {options.rounds} is done")
        return rounds


def warm_up(server: Server, path: str) -> None:
    for _ in range(WARM_UP):
        server.client.get(path, headers=HEADERS).raise_for_status()


def print_conditions(options: argparse.Namespace) -> None:
    print(
        f"\nDjango {options.django}, {WORKERS} workers; medians of the ratios of {options.rounds} rounds"
        f" of {options.seconds} seconds; load by {'wrk' if WRK else 'a generator in Python'}"
    )


def print_table(meaning: str, figure: str, rounds: list[Round], bases: dict[Cell, Cell]) -> None:
    """Print a line for each site and a column for each page: what was measured, over what its base reached."""
    ratios = {
        (cell.site, cell.page): statistics.median(getattr(r[cell], figure) / getattr(r[base], figure) for r in rounds)
        for cell, base in bases.items()
    }
    sites, columns = (list(dict.fromkeys(names)) for names in zip(*ratios, strict=True))
    width = max(map(len, sites))
    print(f"\n{meaning}\n{'':{width}}", *(f"{column:>11}" for column in columns))
    for site in sites:
        texts = (f"{ratios[site, column]:.2f}" if (site, column) in ratios else "" for column in columns)
        print(f"{site:{width}}", *(f"{text:>11}" for text in texts))


if __name__ == "__main__":
    main()
