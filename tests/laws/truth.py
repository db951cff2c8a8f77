"""What was said, changed and forgotten in a play, and which words nobody may meet any more."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from memory.entry import Entry
from memory.records import Place

_WORD = re.compile(r"zz\d+v\d+|yy\d+")
NAMES = ("Ada", "Bob")
RARE = 1_000  # numbers from here on are rare tokens: who says one took it from somewhere


def words(texts: Iterable[str]) -> set[str]:
    """The canaries in these texts."""
    return {word for text in texts for word in _WORD.findall(text)}


@dataclass(slots=True, eq=False, kw_only=True)
class Post:
    """A message as its platform has it; times in microseconds."""

    number: int
    place: Place
    author: int
    called: bool
    sent: int
    words: dict[int, str] = field(default_factory=dict)  # by the time of the edit
    sure: bool  # called, or overheard where the bot is known to have joined
    received: bool = False
    unread: bool = False  # its platform was asked for it in vain: an edit of it may have no text
    deleted: bool = False
    vanished: bool = False  # deleted, and no event tells of it
    expired: bool = False

    @property
    def id(self) -> str:
        return f"m{self.number}"

    @property
    def closed(self) -> bool:
        """Its platform lets nobody read it back."""
        return self.number % 4 == 3

    @property
    def personal(self) -> bool:
        """It tells something of its author, which is learned."""
        return self.number % 5 == 1

    def text(self, version: int) -> str:
        told = "I live in" if self.personal else "more on the topic:"
        return f"{told} {self.words[version]}"

    def entry(self, version: int = 0) -> Entry:
        return Entry(
            id=self.id,
            author=f"U{self.author}",
            name=NAMES[self.author],
            kind="person",
            text=self.text(version),
            sent=self.sent,
            version=version,
            called=self.called,
        )


@dataclass(slots=True, kw_only=True)
class Truth:
    posts: dict[str, Post] = field(default_factory=dict)
    water: dict[str, int] = field(default_factory=dict)  # by conversation
    replies: dict[str, frozenset[str]] = field(default_factory=dict)  # word -> what it answers
    quotes: dict[str, frozenset[str]] = field(default_factory=dict)  # word -> words it took
    shown: dict[str, str] = field(default_factory=dict)  # the bot's posts as people see them
    spoiled: set[str] = field(default_factory=set)  # those that show what a frozen process wrote
    forbidden: list[str] = field(default_factory=list)  # grows only

    burnt: set[bytes] = field(default_factory=set)

    def say(self, place: Place, author: int, sent: int, *, called: bool) -> Post:
        number, sure = len(self.posts), called or self._joined(place)
        post = Post(number=number, place=place, author=author, called=called, sent=sent, sure=sure)
        self.posts[post.id] = post
        self.edit(post, 0)
        return post

    def edit(self, post: Post, at: int) -> str:
        post.words[at] = f"zz{RARE + post.number}v{len(post.words)}"
        return post.text(at)

    def history(self, place: Place, after: str) -> list[Entry]:
        """What the platform shows there behind a post; of what memory lets expire, nothing."""
        since = self.posts[after].sent if after else 0
        here = (each for each in self.posts.values() if each.place == place and each.sent > since)
        return [each.entry(max(each.words)) for each in here if not (each.deleted or each.expired)]

    def forgotten(self, post: Post) -> bool:
        return post.sent <= self.water.get(post.place.key, 0)

    def must_go(self, post: Post) -> bool:
        return post.deleted or self.forgotten(post)

    def outdated(self, post: Post, at: int) -> None:
        """What it said before this edit is not to be met any more."""
        self._forbid(word for version, word in post.words.items() if version < at)

    def present(self, post: Post) -> Entry | None:
        """The post as its platform shows it now; None: nobody can read it."""
        post.unread |= post.closed or post.deleted
        return None if post.closed or post.deleted else post.entry(max(post.words))

    def optional(self) -> set[str]:
        """Words of edits whose text memory may have found nobody to tell it."""
        unread = (post for post in self.posts.values() if post.unread)
        return {word for post in unread for version, word in post.words.items() if version}

    def lost(self, *posts: Post) -> None:
        """Nor anything of it, nor the replies to it: who knows what they quote."""
        self._forbid(word for post in posts for word in post.words.values())
        # Where texts expired, nobody knows any more which reply was to what.
        gone = {post.id for post in posts if not post.expired}
        self._forbid(word for word, asked in self.replies.items() if asked & gone)

    def _forbid(self, found: Iterable[str]) -> None:
        """And the replies that took such words, and those that took words from these."""
        more = list(found)
        while more:
            self.forbidden += more
            known = set(self.forbidden)
            more = [
                each for each, took in self.quotes.items() if each not in known and took & known
            ]

    def forget(self, place: Place, until: int) -> list[Post]:
        """What has to go once this is acknowledged."""
        self.water[place.key] = max(until, self.water.get(place.key, 0))
        self._doubt(place)
        here = (each for each in self.posts.values() if each.place == place)
        return [each for each in here if each.sent <= until]

    def delete(self, post: Post) -> None:
        post.deleted = True
        self._doubt(post.place)

    def _doubt(self, place: Place) -> None:
        """What is overheard once the bot was made to forget that it joined is not kept."""
        for post in self.posts.values():
            post.sure &= post.called or post.received or post.place != place

    def reply(self, claims: Iterable[str], quoted: Iterable[str] = ()) -> str:
        word = f"yy{RARE + len(self.replies)}"
        self.replies[word] = frozenset(claims)
        if took := frozenset(quoted):
            self.quotes[word] = took
        return ", ".join([f"my word on the topic: {word}", *sorted(took)])

    def forgot(self, posts: Iterable[Post], keys: Iterable[bytes]) -> None:
        """Their data keys must not be found anywhere any more either."""
        self.lost(*posts)
        self.burnt |= {key for key in keys if key}

    def expired(self, keys: Iterable[str]) -> None:
        """These keys of the store are gone."""
        names = {key.partition("}:")[2] for key in keys}
        for post in self.posts.values():
            post.expired |= f"{post.place.key}/msg" in names

    def expected(self, post: Post) -> bool:
        """Whether memory has to hold it once all is delivered."""
        return post.sure and not (post.expired or self.must_go(post))

    def _joined(self, place: Place) -> bool:
        calls = [each for each in self.posts.values() if each.called and each.place == place]
        return any(each.received and self.expected(each) for each in calls)
