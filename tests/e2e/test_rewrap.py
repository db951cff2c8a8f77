"""An operator changes MEMORY_KEY and lets the old key go."""

import re
import shutil

import pytest

from memory.seal import Keyring, fresh_key
from tests.e2e.process import Bot, Ended, Home
from tests.e2e.test_archive import NARROW, SECRET, TALK

pytestmark = pytest.mark.anyio

STATEMENT = "My name is Ada and I deploy on Fridays"
QUESTION = "what is my name?"
OLD, NEW = fresh_key(), fresh_key()
BOTH = f"{NEW},{OLD}"
(OLD_ID,), (NEW_ID,) = Keyring([OLD]).ids, Keyring([NEW]).ids


async def rewrap(home: Home, key: str = BOTH) -> Ended:
    return await home.run("key", flags=("--rewrap",), MEMORY_KEY=key)


async def test_after_a_rewrap_the_old_key_can_be_dropped_and_the_bot_remembers(home: Home) -> None:
    home.heard += [STATEMENT]
    await home.run("chat", f"{STATEMENT}\n", MEMORY_KEY=OLD)
    done = await rewrap(home)
    assert (done.code, done.out) == (0, "")
    *progress, total, advice = done.err.splitlines()
    assert progress == ["2 keys seen, 2 wrapped anew"]
    assert total == f"2 keys are under {NEW_ID} now, 2 of them wrapped anew"
    assert advice == f"MEMORY_KEY no longer needs {OLD_ID} (number 2)"
    ended = await home.run("chat", f"{QUESTION}\n", MEMORY_KEY=NEW)
    assert STATEMENT in ended.out
    again = await rewrap(home)
    assert f"2 keys are under {NEW_ID} now, 0 of them wrapped anew" in again.err
    assert not [key for key in (OLD, NEW) if key.rstrip("=") in home.err]


async def test_a_rewrap_beside_a_running_bot_disturbs_nobody(home: Home) -> None:
    home.heard += [STATEMENT]
    await home.run("chat", f"{STATEMENT}\n", MEMORY_KEY=OLD)
    async with home.bot("chat", MEMORY_KEY=BOTH) as bot:
        await asked(bot)
        assert (await rewrap(home)).code == 0
        await asked(bot)
        assert await bot.end() == 0
    assert STATEMENT in (await home.run("chat", f"{QUESTION}\n", MEMORY_KEY=NEW)).out


async def asked(bot: Bot) -> None:
    bot.type(f"{QUESTION}\n")
    await bot.until(STATEMENT)


async def test_a_rewrap_reaches_the_archive(home: Home) -> None:
    home.environ = NARROW | {"DATABASE_URL": f"sqlite:///{home.folder}/archive.db"}
    home.heard += TALK
    await home.run("chat", "".join(f"{each}\n" for each in TALK), MEMORY_KEY=OLD)
    done = await rewrap(home)
    assert done.code == 0
    assert f"MEMORY_KEY no longer needs {OLD_ID}" in done.err
    home.close()
    shutil.rmtree(home.data)
    exported = await home.run("export", MEMORY_KEY=NEW)
    assert exported.code == 0
    assert SECRET in exported.out


async def test_a_rewrap_without_the_old_key_changes_nothing_and_names_it(home: Home) -> None:
    home.heard += [STATEMENT]
    await home.run("chat", f"{STATEMENT}\n", MEMORY_KEY=OLD)
    done = await rewrap(home, NEW)
    assert done.code == 2
    assert f"2 still need {OLD_ID} (MEMORY_KEY does not list it)" in done.err
    assert "no longer needs" not in done.err
    assert STATEMENT in (await home.run("chat", f"{QUESTION}\n", MEMORY_KEY=OLD)).out


async def test_without_a_flag_it_prints_a_fresh_key_and_nothing_else(home: Home) -> None:
    one, other = [await home.run("key") for _ in range(2)]
    assert one.out != other.out
    assert re.fullmatch(r"[\w-]{43}=\n", one.out)
    assert Keyring([one.out.strip()])
