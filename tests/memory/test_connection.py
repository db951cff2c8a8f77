"""Which servers an address names, and how they are asked."""

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from memory.connection import Connection


@pytest.mark.parametrize(("scheme", "secure"), [("redis", False), ("rediss", True)])
def test_a_cluster_is_found_through_any_of_its_servers(scheme: str, secure: bool) -> None:
    client = Connection(f"{scheme}+cluster://me:p%40ss@a:7000,b,[::1]:7002", timeout=2.0).client
    assert isinstance(client, RedisCluster)
    assert {(each.host, each.port) for each in client.startup_nodes} == {
        ("a", 7000),
        ("b", 6379),
        ("::1", 7002),
    }
    options = client.connection_kwargs
    assert (options["username"], options["password"]) == ("me", "p@ss")
    assert ("ssl_cert_reqs" in options) == secure


def test_sentinels_are_asked_in_turn_within_one_deadline() -> None:
    url = "rediss+sentinel://:pass@a:1,b/threads/3?ssl_cert_reqs=none"
    connection = Connection(url, timeout=3.0)
    assert isinstance(connection.client, Redis)
    pool = connection.client.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.service_name == "threads"
    assert pool.connection_class is SentinelManagedSSLConnection
    asked = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in asked] == [("a", 1), ("b", 26379)]
    assert [each["socket_connect_timeout"] for each in asked] == [1.0, 1.0]
    assert [each.get("password") for each in asked] == [None, None]
    assert (pool.connection_kwargs["password"], pool.connection_kwargs["db"]) == ("pass", 3)


@pytest.mark.parametrize("url", ["redis://h", "redis+cluster://h", "redis+sentinel://h/threads"])
def test_no_client_repeats_what_got_no_answer(url: str) -> None:
    client = Connection(url, timeout=2.0).client
    options = client.get_connection_kwargs()
    assert options["socket_timeout"] is None
    retry = client.retry if isinstance(client, RedisCluster) else options["retry"]
    assert retry is not None
    assert retry.get_retries() == 0


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("unix:///run/s?db=2", True),
        ("redis://me:secret@h:7000/3", True),
        ("rediss://h", False),  # redis-py knows about certificates
        ("redis://h?client_name=bot", False),
        ("redis+cluster://h", False),
        ("redis+sentinel://h/threads", False),
    ],
)
def test_only_a_plain_server_is_asked_without_redis_py(url: str, plain: bool) -> None:
    assert Connection(url, timeout=2.0).plain == plain
