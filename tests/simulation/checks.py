"""What has to hold once everything has come to rest."""

from collections.abc import Sequence

from bot.reply import FORGOTTEN
from memory.entry import ME
from memory.records import Place
from memory.seal import Keyring
from tests.laws import laws
from tests.laws.holdings import Holdings, Record, holdings
from tests.simulation.store import Clockwork
from tests.simulation.watch import END, SORRY, Ended, Watch


def check(watch: Watch, server: Clockwork, keyring: Keyring, places: Sequence[Place]) -> None:
    held = holdings(server, keyring, places)
    _posts(watch)
    _answers(watch)
    _order(watch)
    _replies(watch, held)
    for place in places:
        watch.law(not watch.busy([place]), "never ended", place.key)
    try:
        laws.in_the_end(watch.truth, held)
    except laws.Broken as broken:
        watch.problems.append(str(broken))


def _posts(watch: Watch) -> None:
    """People see the posts of turns that ended, and no others; what they see is whole."""
    for post in watch.world.posts.values():
        ended = watch.ended.get(post.turn)
        if not post.deleted:
            watch.law(ended, "a post of a turn that never ended", post.id, post.turn)
            watch.law(not ended or post.id in ended.final, "a post too many", post.id, post.turn)
    for turn, ended in watch.ended.items():
        seen = [watch.world.posts[each] for each in ended.final]
        spare = turn in watch.spoiled  # written again, perhaps shorter, as it is remembered
        gone = [each.id for each in seen if each.deleted and not (each.torn or spare)]
        watch.law(not gone, "a post of a reply is gone", turn, gone)
        text = "".join(each.text for each in seen)
        whole = text.endswith(END) or text.startswith((SORRY, FORGOTTEN)) or turn in watch.stopped
        watch.law(whole or not seen, "cut, and nobody asked for that", turn, text)
        watch.law(
            not any(each.live for each in seen if not each.deleted),
            "still shows a Stop button",
            turn,
        )


def _answers(watch: Watch) -> None:
    for message, place in watch.owed.items():
        turns = [each for each in watch.ended.values() if message in each.claims]
        watch.law(len(turns) <= 1, "answered twice", message)
        post = watch.truth.posts.get(message)
        if post and watch.truth.expected(post):
            watch.law(turns, "never answered", message, place)


def _order(watch: Watch) -> None:
    """Replies stand in the order in which what they answer came."""
    came = list(watch.owed)
    for place in {each.place for each in watch.ended.values()}:
        ended = [each for each in watch.ended.values() if each.place == place and each.final]
        ended.sort(key=lambda each: (len(each.final[0]), each.final[0]))
        firsts = [min(map(came.index, each.claims)) for each in ended if each.claims]
        watch.law(firsts == sorted(firsts), "out of order", place, firsts)


def _replies(watch: Watch, held: Holdings) -> None:
    """Memory holds each reply as people see it."""
    for ended in watch.ended.values():
        if ended.final:
            seen = [watch.world.posts[each] for each in ended.final]
            text = "".join(each.text for each in seen)
            torn = any(each.torn for each in seen)
            record = held.records[ended.place]
            watch.truth.shown[ended.final[0]] = _known(record, ended) if torn else text


def _known(record: Record, ended: Ended) -> str:
    entry = record.messages.get(ended.final[0])
    return entry.text if entry and entry.kind == ME else ""
