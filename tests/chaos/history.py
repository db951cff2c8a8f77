"""Whether every promise held in what people said and did, and what became of it."""

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from tests.chaos.fakes import IDLE, MARK, Shown, marks
from tests.chaos.told import Post, Report, Said
from tests.chaos.traces import MARGIN, Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`remembered`: rows of the export; `kills`: of the bot, in order."""

    said: Mapping[int, Said]
    posts: Sequence[Post]
    shown: Sequence[Shown] = ()
    remembered: Sequence[Mapping[str, str]] = ()
    kills: Sequence[float] = ()

    def judge(self) -> Report:
        counted, traces = self._counted(), Traces.of(self.said, self.posts)
        several = sorted(m for m in counted if counted[m] > 1 and self._twice(m, traces))
        called = [each for each in self.said.values() if each.owed and each.acknowledged]
        report = Report(
            acknowledged=sum(bool(each.acknowledged) for each in self.said.values()),
            answered=sum(counted[each.number] > 0 for each in called),
            bot_kills=len(self.kills),
        )
        report.broke("unanswered", self.unanswered())
        idle = [post for post in self.posts if post.text.strip() == IDLE]
        report.broke("twice", [*map(self._answers, several), *idle])
        report.broke("misplaced", list(self._misplaced()))
        report.broke("out_of_order", list(self._out_of_order()))
        report.broke("leaked", list(self._leaked(traces)))
        outdated = traces.outdated(self.shown)
        report.broke(
            "remembered_after_forget", [*self._shown_when_gone(), *outdated, *self._kept()]
        )
        report.broke("set_aside", [each for each in self.posts if each.text.startswith("Sorry")])
        report.broke("misremembered", [*self._unknown(), *self._otherwise(traces)])
        report.broke("quoted_after_forget", list(traces.quoted(self.shown, self.remembered)))
        unheard = traces.unheard(self.shown, self.remembered)
        report.broke("changes_missed_while_away", list(unheard))
        report.broke("calls_missed_while_away", self.missed())
        waits = list(self._recoveries())
        report.recovered, report.slowest_recovery_s = len(waits), round(max(waits, default=0), 1)
        return report

    def unanswered(self) -> Sequence[Said]:
        return [each for each in self._without_answer() if not each.away]

    def missed(self) -> Sequence[Said]:
        """Calls that were made while nobody listened, and have no answer."""
        return [each for each in self._without_answer() if each.away]

    def _without_answer(self) -> Sequence[Said]:
        counted = self._counted()
        return [each for each in self.said.values() if each.due and not counted[each.number]]

    def _counted(self) -> Counter[int]:
        return Counter(mark for post in self.posts for mark in set(marks(post.text)))

    def _twice(self, mark: int, traces: Traces) -> bool:
        """What was overheard a model may take up in any answer.

        And an answer that also answers or quotes what went since goes from memory with that:
        whatever else it answers stands in later prompts as if it had none.
        """
        *earlier, last = (post for post in self.posts if mark in marks(post.text))
        lost = any(0 < traces.gone(post.text) < last.at + MARGIN for post in earlier)
        return mark not in self.said or (self.said[mark].owed and not lost)

    def _answers(self, mark: int) -> str:
        found = "; ".join(str(post) for post in self.posts if mark in marks(post.text))
        return f"{self.said.get(mark)}: {found}"

    def _misplaced(self) -> Iterator[Post]:
        """Posts that answer what was said elsewhere."""
        for post in self.posts:
            known = [self.said[mark] for mark in marks(post.text) if mark in self.said]
            if any(each.corner != post.corner for each in known):
                yield post

    def _out_of_order(self) -> Iterator[str]:
        """Answers in a thread that came before one to something acknowledged before it was said."""
        latest, before = defaultdict[tuple[str, str], float](float), set[int]()
        first: dict[int, float] = {}
        for prompt in self.shown:
            first |= dict.fromkeys(prompt.marks - first.keys(), prompt.at)

        def taken(said: Said) -> float:
            """Discord is told nothing: there, once a prompt held it."""
            told = said.acknowledged
            return first.get(said.number, inf) if said.room.startswith("discord") else told

        for post in self.posts:
            new = [mark for mark in marks(post.text) if mark in self.said and mark not in before]
            before.update(new)
            answered = [each for each in map(self.said.__getitem__, new) if each.owed]
            place = post.corner, post.thread
            for each in answered:
                if each.due and not each.version and taken(each) < latest[place]:
                    yield f"{each}, after one said {latest[place] % 10_000:.2f}: {post}"
            latest[place] = max((latest[place], *(each.said for each in answered)))

    def _leaked(self, traces: Traces) -> Iterator[str]:
        """Prompts that hold what was said in more than one room, or told in another in private.

        What people told of themselves in public is known in all of their space.
        """
        for prompt in self.shown:
            said = [self.said[mark] for mark in prompt.marks if mark in self.said]
            told = [traces.told[each][0] for each in prompt.codes if each in traces.told]
            rooms = {each.room for each in (*said, *(each for each in told if each.private))}
            if len(rooms) > 1:
                yield f"{sorted(rooms)} in one prompt at {prompt.at % 10_000:.2f}"

    def _shown_when_gone(self) -> Iterator[str]:
        """Prompts that hold what was gone when they were made."""
        gone = {each.number: each for each in self.said.values() if each.gone and not each.unheard}
        for prompt in self.shown:
            for mark in prompt.marks & gone.keys():
                if prompt.at > gone[mark].gone + MARGIN:
                    yield f"{gone[mark]}, in a prompt at {prompt.at % 10_000:.2f}: {prompt.told}"

    def _kept(self) -> Iterator[str]:
        held = {mark for row in self._rows("person", "me") for mark in marks(row["text"])}
        for each in self.said.values():
            if each.gone and not each.unheard and each.number in held:
                yield f"{each}, in memory at the end"

    def _unknown(self) -> Iterator[str]:
        """What is visible and acknowledged, and not in memory as it reads now."""
        texts = {
            (int(number), int(version))
            for row in self._rows("person")
            for number, version in MARK.findall(row["text"])
        }
        counted = self._counted()
        for each in self.said.values():
            heard = counted[each.number] > 0 if each.away else each.acknowledged
            firm = heard and not (each.gone or each.doubtful or each.unheard)
            if self.remembered and firm and (each.number, each.version) not in texts:
                had = [version for number, version in texts if number == each.number]
                yield f"{each}, in memory as {had or 'nothing'}"

    def _otherwise(self, traces: Traces) -> Iterator[str]:
        """Replies that memory holds otherwise than people see them, or does not hold."""
        seen = {_bare(post.text): post for post in self._replies() if self._firm(post.text)}
        held = {_bare(row["text"]): row for row in self._rows("me") if self._firm(row["text"])}
        for text in held.keys() - seen.keys():
            yield f"{text[:80]!r} in {held[text]['conversation']} is not what people see"
        for text in seen.keys() - held.keys() if self.remembered else ():
            if traces.sure(seen[text].text):
                yield f"{seen[text]} is not in memory"

    def _replies(self) -> Sequence[Post]:
        """A long one is several posts: what does not begin as an answer goes on with one."""
        last: dict[tuple[str, str], int] = {}
        whole: list[Post] = []
        for post in self.posts:
            where = post.corner, post.thread
            if post.text.startswith(IDLE) or where not in last:
                last[where] = len(whole)
                whole.append(post)
            else:
                begun = whole[last[where]]
                whole[last[where]] = replace(begun, text=begun.text + post.text)
        return whole

    def _firm(self, reply: str) -> bool:
        known = [self.said[mark] for mark in marks(reply) if mark in self.said]
        return bool(known) and not any(each.doubtful for each in known)

    def _rows(self, *kinds: str) -> Sequence[Mapping[str, str]]:
        return [row for row in self.remembered if row["kind"] in kinds]

    def _recoveries(self) -> Iterator[float]:
        """Seconds from the last kill before an answer to that answer, if one came in between."""
        for post in self.posts:
            for mark in marks(post.text):
                asked = self.said[mark].acknowledged if mark in self.said else 0.0
                last = bisect(self.kills, post.at) - 1
                if asked and last >= 0 and asked < self.kills[last]:
                    yield post.at - self.kills[last]


def _bare(text: str) -> str:
    """Where a reply is split, a space goes."""
    return "".join(text.split())


def judge(
    said: Mapping[int, Said],
    posts: Sequence[Post],
    shown: Sequence[Shown],
    remembered: Sequence[Mapping[str, str]],
    kills: Sequence[float],
) -> Report:
    history = History(said=said, posts=posts, shown=shown, remembered=remembered, kills=kills)
    return history.judge()
