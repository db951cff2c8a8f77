"""What people said and did, what became of it, and whether every promise held."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tests.chaos.fakes import MARK, Shown, marks

MARGIN = 3.0  # seconds: a prompt made before a deletion may still be on its way to the model


@dataclass(slots=True, kw_only=True)
class Said:
    """Seconds since 1970; 0: not yet, or never."""

    number: int
    corner: str
    post: str
    owed: bool
    said: float
    acknowledged: float = 0.0
    version: int = 0  # edits
    versions: dict[int, float] = field(default_factory=dict)  # when each edit was acknowledged
    gone: float = 0.0  # its deletion was acknowledged, or the receipt of a /forget came
    doubtful: bool = False  # being deleted or forgotten: either is right


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A visible post of the bot's, oldest first in its corner."""

    corner: str
    thread: str = ""
    text: str
    at: float


@dataclass(slots=True, kw_only=True)
class Report:
    acknowledged: int = 0
    answered: int = 0
    unanswered: int = 0
    twice: int = 0
    misplaced: int = 0
    out_of_order: int = 0
    remembered_after_forget: int = 0
    misremembered: int = 0
    set_aside: int = 0
    orphan_keys: int = 0
    bot_kills: int = 0
    store_kills: int = 0
    recovered: int = 0
    slowest_recovery_s: float = 0.0

    @property
    def broken(self) -> bool:
        return any(
            (
                *(self.unanswered, self.twice, self.misplaced, self.out_of_order),
                *(
                    self.remembered_after_forget,
                    self.misremembered,
                    self.set_aside,
                    self.orphan_keys,
                ),
            )
        )

    def __str__(self) -> str:
        return json.dumps(asdict(self))


def judge(
    said: Mapping[int, Said],
    posts: Sequence[Post],
    shown: Sequence[Shown],
    remembered: Iterable[Mapping[str, str]],
    kills: Sequence[float],
) -> Report:
    """`remembered`: rows of the export; `kills`: of the bot."""
    counted = Counter(mark for post in posts for mark in set(marks(post.text)))
    due = [each for each in said.values() if each.owed and each.acknowledged]
    firm = [each for each in due if not each.doubtful]
    held = [row["text"] for row in remembered if row["kind"] in ("person", "me")]
    report = Report(
        acknowledged=sum(bool(each.acknowledged) for each in said.values()),
        answered=sum(counted[each.number] > 0 for each in due),
        unanswered=sum(not counted[each.number] for each in firm),
        twice=sum(times > 1 for times in counted.values()),
        misplaced=_misplaced(said, posts),
        out_of_order=_out_of_order(said, posts),
        remembered_after_forget=_leaked(said, shown) + _kept(said, held),
        misremembered=_misremembered(said, remembered),
        set_aside=sum(post.text.startswith("Sorry") for post in posts),
        bot_kills=len(kills),
    )
    waits = _recoveries(said, posts, kills)
    report.recovered, report.slowest_recovery_s = len(waits), round(max(waits, default=0.0), 1)
    return report


def _misplaced(said: Mapping[int, Said], posts: Sequence[Post]) -> int:
    """Posts that answer what was said elsewhere."""
    return sum(
        any(mark in said and said[mark].corner != post.corner for mark in marks(post.text))
        for post in posts
    )


def _out_of_order(said: Mapping[int, Said], posts: Sequence[Post]) -> int:
    """Answers in a thread that came before one to something acknowledged before it was said."""
    latest = defaultdict[tuple[str, str], float](float)
    wrong = 0
    for post in posts:
        known = [said[mark] for mark in marks(post.text) if mark in said]
        place = post.corner, post.thread
        answered = [each for each in known if each.owed]
        wrong += sum(
            0 < each.acknowledged < latest[place]
            for each in answered
            if not each.doubtful and not each.version
        )
        newest = max((each.said for each in answered), default=0.0)
        latest[place] = max(latest[place], newest)
    return wrong


def _leaked(said: Mapping[int, Said], shown: Sequence[Shown]) -> int:
    """Prompts that hold what was gone when they were made."""
    gone = {each.number: each.gone for each in said.values() if each.gone}
    return sum(
        prompt.at > gone[mark] + MARGIN for prompt in shown for mark in prompt.marks & gone.keys()
    )


def _kept(said: Mapping[int, Said], held: Sequence[str]) -> int:
    found = {mark for text in held for mark in marks(text)}
    return sum(bool(each.gone) and each.number in found for each in said.values())


def _misremembered(said: Mapping[int, Said], remembered: Iterable[Mapping[str, str]]) -> int:
    """What is visible and acknowledged, and not in memory as it reads now."""
    texts = {
        (int(number), int(version))
        for row in remembered
        if row["kind"] == "person"
        for number, version in MARK.findall(row["text"])
    }
    return sum(
        (each.number, each.version) not in texts
        for each in said.values()
        if each.acknowledged and not each.gone and not each.doubtful
    )


def _recoveries(
    said: Mapping[int, Said], posts: Sequence[Post], kills: Sequence[float]
) -> Sequence[float]:
    """Seconds from the last kill before an answer to that answer, where one came in between."""
    waits = []
    for post in posts:
        for mark in marks(post.text):
            asked = said[mark].acknowledged if mark in said else 0.0
            between = [kill for kill in kills if asked and asked < kill < post.at]
            if between:
                waits.append(post.at - between[-1])
    return waits
