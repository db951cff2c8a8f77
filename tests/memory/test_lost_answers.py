"""A step of the store whose answer is lost is taken again and changes nothing twice."""

from dataclasses import replace

import pytest

from memory.records import Lease, Place
from memory.store import StoreDown
from tests.memory.actor import Actor
from tests.memory.conftest import World, open_store, straight, straight_to
from tests.memory.scenes import SCENES, Scene, of
from tests.memory.stored import dump
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.anyio


async def played(scene: Scene, url: str, way: str) -> tuple[object, object]:
    """The answer of the scene's step when asked over `way`, and the state it leaves."""
    async with straight_to(url, scene.home) as redis:
        await redis.flushall()
    options = scene.store or {}
    one = straight(url, scene.home)
    async with open_store(one, **options) as store, open_store(way, **options) as other:
        lease = await scene.prepare(Actor(store)) if scene.prepare else None
        answer = await scene.step(Actor(other), lease if isinstance(lease, Lease) else None)
    if isinstance(answer, Lease):
        seen = replace(answer.changes.seen, epoch=0)
        answer = replace(answer, began=0, changes=replace(answer.changes, seen=seen))
    return answer, await dump(url, scene.home)


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_a_step_whose_answer_is_lost_is_repeated_and_leaves_the_same_state(
    scene: Scene, redis_url: str, proxy: Proxy
) -> None:
    expected = await played(scene, redis_url, straight(redis_url, scene.home))
    proxy.lose(b"EVALSHA")
    assert await played(scene, redis_url, proxy.url) == expected
    assert proxy.lost == 1


async def test_a_step_whose_answer_is_lost_twice_is_repeated_still(
    redis_url: str, proxy: Proxy
) -> None:
    scene = Scene(name="conclude", prepare=Actor.asked, step=lambda do, it: do.conclude(of(it)))
    expected = await played(scene, redis_url, straight(redis_url, scene.home))
    proxy.lose(b"EVALSHA", b"EVALSHA")
    assert await played(scene, redis_url, proxy.url) == expected
    assert proxy.lost == 2


async def test_the_secret_of_the_store_stays_the_first_one(redis_url: str, proxy: Proxy) -> None:
    async with open_store(proxy.url) as store:
        proxy.lose(b"\r\nSET\r\n")
        assert await store.pepper(b"mine") == b"mine"
        assert await store.pepper(b"another's") == b"mine"
    assert proxy.lost == 1


async def test_a_rewrite_of_the_disk_that_got_no_answer_is_asked_for_again(
    world: World, proxy: Proxy, place: Place
) -> None:
    async with open_store(proxy.url) as store:
        memory = world.memory(store)
        await memory.open()
        await memory.receive(place, world.say("hello"))
        proxy.lose(*[b"BGREWRITEAOF"] * 3)
        with pytest.raises(StoreDown):
            await memory.forget(place, world.at, channel=False)
        asked = store.round_trips
        await memory.scrub()
        assert store.round_trips > asked
