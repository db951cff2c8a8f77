"""Where something that went is met all the same: its own words, or a reply's that quoted them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from tests.chaos.codes import code, codes
from tests.chaos.fakes import MARK, SAID, Shown
from tests.chaos.told import Post, Said

MARGIN = 10.0  # seconds: a turn begun before a deletion may still be on its way to the model
RARE = 100  # a mark, "#100.0#", may be a rare token from here on: an edit takes its reply with it
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """`told`: each code with who told it; `left`: when a code, or a reply that says it, went."""

    said: Mapping[int, Said]
    told: Mapping[str, tuple[Said, int]]
    left: dict[str, float] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)  # codes of replies that memory may have lost

    @classmethod
    def of(cls, said: Mapping[int, Said], posts: Sequence[Post]) -> "Traces":
        told = {
            known: (each, version)
            for each in said.values()
            for version in range(each.version + 1)
            if (known := code(each.number, version))
        }
        traces = cls(said=said, told=told)
        for post in sorted(posts, key=lambda each: each.at):
            traces._follow(post.text)
        return traces

    def _follow(self, reply: str) -> None:
        """Who quotes a code goes with it, and whoever has quoted that one since."""
        quoted, left = codes(reply), self.gone(reply)
        for each in quoted:
            self.left[each] = min(left or inf, self.left.get(each) or inf)
        if not self.sure(reply):
            self.unsure.update(quoted)

    def gone(self, reply: str) -> float:
        """When memory had to lose this reply, as it answered or quoted what went; 0: never."""
        answered = (
            self._went(self.said[int(number)], int(version))
            for number, version in MARK.findall(reply)
            if int(number) in self.said
        )
        quoted = [self._went(*self.told[each]) for each in codes(reply) if each in self.told]
        earlier = [self.left.get(each, 0.0) for each in codes(reply)]
        found = [each for each in (*answered, *quoted, *earlier) if 0 < each < inf]
        return min(found, default=0.0)

    def sure(self, reply: str) -> bool:
        """Whether memory has to hold it: no part of it went, or is going."""
        if any(each in self.unsure for each in codes(reply)):
            return False
        answered = [(int(number), int(version)) for number, version in MARK.findall(reply)]
        parts = [
            (self.said[number], version) for number, version in answered if number in self.said
        ]
        rare = all(each.number < RARE or each.version == version for each, version in parts)
        quoted = [self.told[each] for each in codes(reply) if each in self.told]
        firm = all(each.version == version and not _shaky(each) for each, version in quoted)
        return rare and firm and not any(_shaky(each) for each, _ in parts)

    def quoted(self, shown: Sequence[Shown], rows: Rows) -> Iterator[str]:
        """Codes that were to go, in later prompts and in what is stored.

        What stores the very message that told it is counted elsewhere.
        """
        went = {
            each: (said, at)
            for each, (said, version) in self.told.items()
            if (at := said.went(version)) and not said.unheard
        }
        for prompt in shown:
            for said, at in (went[each] for each in prompt.codes & went.keys()):
                if prompt.at > at + MARGIN:
                    yield f"{said}: its code in a prompt at {prompt.at % 10_000:.2f}: {prompt.told}"
        for row in rows:
            own = {int(number) for number, _ in SAID.findall(row["text"])}
            for said, _ in (went[each] for each in set(codes(row["text"])) & went.keys()):
                if said.number not in own:
                    yield f"{said}: its code in memory: {row['kind']} in {row['conversation']}"

    def outdated(self, shown: Sequence[Shown]) -> Iterator[str]:
        """Prompts that hold what a message said before it was edited."""
        for prompt in shown:
            for number, version in prompt.texts:
                said = self.said.get(number)
                at = said.went(version) if said and not said.unheard else 0.0
                if said and 0 < at != said.gone and prompt.at > at + MARGIN:
                    yield f"version {version} of {said}, in a prompt at {prompt.at % 10_000:.2f}"

    def unheard(self, shown: Sequence[Shown], rows: Rows) -> Iterator[str]:
        """What was edited or deleted while nobody listened, in prompts and in what is stored."""
        for prompt in shown:
            for each in self._changed(prompt.texts, prompt.codes, prompt.at):
                yield f"{each}, in a prompt at {prompt.at % 10_000:.2f}: {prompt.told}"
        for row in rows:
            texts = {(int(number), int(version)) for number, version in SAID.findall(row["text"])}
            for each in self._changed(texts, codes(row["text"]), inf):
                yield f"{each}, in memory: {row['kind']} in {row['conversation']}"

    def _changed(
        self, texts: Iterable[tuple[int, int]], told: Iterable[str], at: float
    ) -> Sequence[Said]:
        """Whose words of before stand there, though it is so late; each once."""
        own = [(self.said[number], version) for number, version in texts if number in self.said]
        quoted = [self.told[each] for each in told if each in self.told]
        found = [said for said, version in (*own, *quoted) if 0 < said.went(version) < at]
        return list({each.number: each for each in found if each.unheard}.values())

    def _went(self, said: Said, version: int) -> float:
        """Of what nobody heard, memory may hear at any time afterwards."""
        went = said.went(version)
        return min(went, said.unheard or went)


def _shaky(said: Said) -> bool:
    return said.doubtful or bool(said.gone or said.unheard)
