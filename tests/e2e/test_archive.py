"""An operator sets DATABASE_URL: what folds outlives the store, and can be read out."""

import json
import shutil

import pytest

from tests.e2e.process import Home

pytestmark = pytest.mark.anyio

NARROW = {"THREADKEEPER_MEMORY__WINDOW__HIGH": "300", "THREADKEEPER_MEMORY__WINDOW__LOW": "100"}
SECRET = "The spare key of the harbour office hangs behind the blue kettle"
TALK = [SECRET, *(f"Ship number {number} arrives on pier {number + 3}" for number in range(12))]


def lines(out: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in out.splitlines()]


async def test_what_was_folded_outlives_the_store_and_is_forgotten_when_told(home: Home) -> None:
    home.environ = NARROW | {"DATABASE_URL": f"sqlite:///{home.folder}/archive.db"}
    home.heard += TALK
    talked = await home.run("chat", "".join(f"{each}\n" for each in TALK))
    assert talked.code == 0
    assert "archive: the database at DATABASE_URL" in talked.err

    key = home.data / "memory.key"
    kept = key.read_text()
    home.close()
    shutil.rmtree(home.data)
    home.data.mkdir()
    key.write_text(kept)
    key.chmod(0o600)
    exported = lines((await home.run("export")).out)
    assert SECRET in [each["text"] for each in exported if each["kind"] == "person"]
    assert [each for each in exported if each["kind"] == "summary"]

    asked = await home.run("chat", "on which pier does ship number 3 arrive?\n/help\n")
    assert "pier 6" in asked.out
    assert "An archive keeps messages and summaries until they are forgotten" in asked.out
    forgotten = await home.run("chat", "/forget\nyes\n")
    assert "Forgotten" in forgotten.out
    assert (await home.run("export")).out == ""


async def test_an_export_without_an_archive_is_what_the_store_holds(home: Home) -> None:
    home.heard += [SECRET]
    await home.run("chat", f"{SECRET}\n")
    everything = lines((await home.run("export")).out)
    assert [each["kind"] for each in everything] == ["person", "me"]
    assert everything[0]["text"] == SECRET


async def test_an_operator_forgets_a_conversation_or_a_person_after_seeing_how_much(
    home: Home,
) -> None:
    home.heard += [SECRET]
    await home.run("chat", f"{SECRET}\n")
    for flags in (["--person", "console:local:ada"], ["--conversation", "console:local:terminal:"]):
        counted = await home.run("forget", flags=flags)
        assert counted.out == "2 messages: say --yes to forget this.\n"
    gone = await home.run("forget", flags=["--person", "console:local:ada", "--yes"])
    assert gone.out == "Forgotten: 2 messages.\n"
    assert (await home.run("export")).out == ""
    refused = await home.run("forget", flags=["--yes"])
    assert (refused.code, refused.err) == (
        2,
        "forget: say --person PLATFORM:SPACE:ID or --conversation KEY, as `export` prints it\n",
    )


async def test_an_unusable_address_is_refused_in_one_line_that_does_not_repeat_it(
    home: Home,
) -> None:
    refused = await home.run("export", DATABASE_URL="mysql://ada:hunter2@db/x")
    assert refused.code == 2
    assert refused.err == (
        "DATABASE_URL: must look like sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME\n"
    )


async def test_while_the_archive_is_down_people_get_their_answers(home: Home) -> None:
    home.environ = NARROW | {"DATABASE_URL": f"sqlite:///{home.folder}/missing/archive.db"}
    home.heard += TALK
    talked = await home.run("chat", "".join(f"{each}\n" for each in TALK))
    assert talked.code == 0
    assert talked.out.count("keep that in mind") + talked.out.count("Ship") >= len(TALK)
    assert "not archived yet" in talked.err
