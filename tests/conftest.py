"""What every test shares: the event loop, and the real servers the store runs on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

from memory.connection import Connection
from tests.servers.cluster import clustered
from tests.servers.redis import Binary, find_servers, running

SERVERS = find_servers()


def pytest_report_header() -> list[str]:
    return ["stores: " + (", ".join(str(server) for server in SERVERS) or "none found")]


def pytest_configure(config: pytest.Config) -> None:
    """The unit lane, which is to be quick, tries fewer examples of each law than `make test`."""
    if "not wire" in str(config.getoption("markexpr")):
        settings.register_profile("unit", max_examples=20)
        settings.load_profile("unit")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What a lane does not run is not even imported: the vendors' libraries are slow."""
    lane = str(config.getoption("markexpr"))
    unit, alone = "not wire" in lane, lane.startswith("alone")
    test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    text = collection_path.read_text() if test and (unit or alone) else ""
    timed = "mark.alone" in text or "anyio_backend" in text
    left = ("tests.servers" in text) if unit else (test and alone and not timed)
    return True if left or (unit and collection_path.name == "e2e") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a server or a process is on the wire; the rest is the unit lane."""
    for item in items:
        module = getattr(item, "module", None)
        names = [getattr(each, "__module__", "") or "" for each in vars(module).values()]
        fixtures = set(getattr(item, "fixturenames", ()))
        served = any(name.startswith("tests.servers") for name in names)
        if served or fixtures & {"server", "any_server", "database"} or "e2e" in item.path.parts:
            item.add_marker("wire")
        # The first server's results in every run; the other's, and a cluster's, in the long lane.
        params = getattr(getattr(item, "callspec", None), "indices", {})
        # A loop of its own it gets only where no session's fixture keeps another one running.
        if hasattr(module, "anyio_backend") or "anyio_backend" in params:
            item.add_marker("alone")
        if "server" in fixtures and params.get("server", 0) > 0:
            item.add_marker("long")
        if f"cluster-{SERVERS[0]}" in item.name and len(SERVERS) > 1:
            item.add_marker("full")
        if item.get_closest_marker("full"):
            item.add_marker("long")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def _cluster(binary: Binary) -> AsyncIterator[str]:
    async with clustered(binary) as cluster:
        yield cluster.url


@pytest.fixture(
    scope="session",
    params=[
        *(pytest.param(partial(running, each), id=str(each)) for each in SERVERS),
        *(
            pytest.param(partial(_cluster, each), id=f"cluster-{each}", marks=pytest.mark.cluster)
            for each in SERVERS
        ),
    ],
)
async def server(request: pytest.FixtureRequest, anyio_backend: str) -> AsyncIterator[str]:
    """The address of a running server or cluster; every implementation in turn."""
    async with request.param() as url:
        yield url


@pytest.fixture(scope="session")
async def any_server(anyio_backend: str) -> AsyncIterator[str]:
    """The address of a running server, whichever was found first."""
    async with running(SERVERS[0]) as url:
        yield url


@pytest.fixture
async def redis_url(server: str) -> str:
    return await _emptied(server)


@pytest.fixture
async def any_redis_url(any_server: str) -> str:
    return await _emptied(any_server)


async def _emptied(url: str) -> str:
    connection = Connection(url, timeout=5.0)
    await connection.client.flushall()
    await connection.close()
    return url
