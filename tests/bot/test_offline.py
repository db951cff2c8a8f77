"""The offline model: quotes from memory, and says what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.offline import offline
from bot.ports import Prompt, Request, Role

pytestmark = pytest.mark.anyio

PERSONA = Prompt(role=Role.SYSTEM, text="You are a bot. Your name is Keeper: be kind.")
CLOCK = Prompt(role=Role.SYSTEM, text="It is Friday, 2026-11-20 10:05 UTC.")


def prompts(*said: str) -> tuple[Prompt, ...]:
    """`Ada: hello` is a person's, `< hello` the bot's own."""
    return tuple(
        Prompt(role=Role.ASSISTANT, text=text[2:])
        if text.startswith("< ")
        else Prompt(role=Role.USER, text=text)
        for text in said
    )


async def ask(*said: str, reply_tokens: int = 500) -> str:
    *before, question = prompts(*said)
    request = Request(prompts=(PERSONA, *before, CLOCK, question), reply_tokens=reply_tokens)
    return "".join([piece async for piece in offline(request)])


async def summarise(text: str, reply_tokens: int = 500) -> str:
    told = (PERSONA, Prompt(role=Role.USER, text=text))
    request = Request(prompts=told, reply_tokens=reply_tokens, summary=True)
    return "".join([piece async for piece in offline(request)])


async def test_it_knows_a_name_it_was_told() -> None:
    reply = await ask(
        "Ada: My name is Ada and I deploy on Fridays",
        "< I keep that in mind.",
        "Ada: what is my name?",
    )
    assert reply == "Ada said: “My name is Ada and I deploy on Fridays”"


async def test_it_says_in_its_first_reply_what_it_is() -> None:
    first = await ask("Ada: My name is Ada.")
    assert "offline model" in first
    assert "OPENAI_API_KEY" in first
    assert "OPENAI_BASE_URL" in first
    assert "offline" not in await ask("Ada: Hello.", "< I keep that in mind.", "Ada: I like tea.")


async def test_it_says_plainly_that_it_remembers_nothing_of_the_kind() -> None:
    reply = await ask("Ada: I like tea.", "< Noted.", "Ada: where is the lighthouse?")
    assert reply == "I find nothing about that in what I remember here."


async def test_it_says_nothing_found_in_an_empty_conversation() -> None:
    assert "I find nothing about that" in await ask("Ada: what is my name?")


async def test_a_statement_is_acknowledged_without_an_echo() -> None:
    assert await ask("Ada: I like tea.", "< Noted.", "Ada: The vault code is 7261.") == (
        "I keep that in mind."
    )


async def test_rarer_words_decide() -> None:
    reply = await ask(
        "Ada: The project has a plan.",
        "Bob: The project Orion uses Postgres.",
        "Ada: The project is late.",
        "< Noted.",
        "Ada: what does the project Orion use?",
    )
    assert reply == "Bob said: “The project Orion uses Postgres.”"


async def test_statements_come_before_questions_and_the_bots_own_words() -> None:
    reply = await ask(
        "Bob: which database does Orion have, which one?",
        "< Orion's database: the one you named.",
        "Bob: Orion runs on Postgres.",
        "Ada: which database does Orion have?",
    )
    assert reply == "Bob said: “Orion runs on Postgres.”"


async def test_the_same_question_is_not_quoted_back() -> None:
    reply = await ask("Ada: what is my name?", "< No idea.", "Ada: what is my name?")
    assert reply == "I find nothing about that in what I remember here."


async def test_what_was_said_last_comes_first() -> None:
    reply = await ask(
        "Ada: My name is Ada.", "Ada: My name is Grace now.", "< Noted.", "Ada: what is my name?"
    )
    assert reply.splitlines()[0] == "Ada said: “My name is Grace now.”"


async def test_endings_do_not_matter() -> None:
    reply = await ask("Ada: We deployed on Friday.", "< Noted.", "Bob: who deploys on Fridays?")
    assert "We deployed on Friday." in reply


async def test_it_quotes_summaries() -> None:
    reply = await ask(
        "[Earlier]\n- Ada: The vault code is 7261.\n- Bob likes tea.",
        "< Noted.",
        "Ada: vault code?",
    )
    assert reply == "Ada said: “The vault code is 7261.”"


async def test_the_persona_is_not_memory() -> None:
    assert "Keeper" not in await ask("Ada: Hello.", "< Hello.", "Ada: is your name Keeper?")


async def test_many_messages_in_one_prompt_are_told_apart() -> None:
    reply = await ask(
        "Ada: I like tea.\nBob: I like coffee,\nblack.\nAda: Bye.", "< Noted.", "Bob: coffee?"
    )
    assert reply == "Bob said: “I like coffee,\nblack.”"


async def test_scripts_without_spaces_are_searched() -> None:
    reply = await ask("Ada: 金庫の暗証番号は七二六一です。", "< はい。", "Ada: 暗証番号は何?")
    assert reply == "Ada said: “金庫の暗証番号は七二六一です。”"


async def test_the_reply_stays_within_its_limit() -> None:
    reply = await ask("Ada: tea " + "x" * 900, "< Noted.", "Ada: tea?", reply_tokens=20)
    assert len(reply) <= 80


async def test_it_streams_in_pieces() -> None:
    request = Request(prompts=prompts("Ada: what is my name?"), reply_tokens=500)
    assert len([piece async for piece in offline(request)]) > 1


async def test_a_summary_keeps_what_later_questions_need() -> None:
    summary = await summarise(
        "Ada: hello there\nBob: oh well, you know\nAda: My name is Ada. nice weather\n"
        "Bob: we agreed to ship v2.1 on Friday\n  run `make ship` first\nAda: fine"
    )
    assert summary.splitlines() == [
        "- Ada: My name is Ada.",
        "- Bob: we agreed to ship v2.1 on Friday",
        "- Bob: run `make ship` first",
    ]


async def test_a_summary_drops_the_least_telling_first() -> None:
    summary = await summarise(
        "Ada: I will go\nBob: deploy 4 on Friday by `make`, agreed with Carol", reply_tokens=18
    )
    assert summary == "- Bob: deploy 4 on Friday by `make`, agreed with Carol"


async def test_a_chat_without_facts_is_still_summarised() -> None:
    assert await summarise("Ada: oh\nBob: well") == "Ada: oh\nBob: well"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(rows=st.lists(texts.map(lambda text: f"Ada: {text}"), min_size=1, max_size=8))
async def test_a_summary_is_never_longer_than_its_source(rows: list[str]) -> None:
    source = "\n".join(rows)
    assert len(await summarise(source)) <= len(source)


@given(said=st.lists(texts, max_size=6), question=texts)
async def test_any_prompt_has_one_answer(said: list[str], question: str) -> None:
    asked = [f"Ada: {text}" for text in said] + [question]
    reply = await ask(*asked)
    assert reply
    assert reply == await ask(*asked)


async def test_no_prompt_at_all_has_an_answer() -> None:
    assert [piece async for piece in offline(Request(prompts=(), reply_tokens=10))]
