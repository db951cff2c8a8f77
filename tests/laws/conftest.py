"""One server and one loop for all plays: what a play needs is made anew, the rest is not."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from redis.exceptions import ResponseError

from memory.seal import Keyring, fresh_key
from tests.laws.events import Move
from tests.laws.observed import ObservedStore
from tests.laws.play import Play
from tests.laws.store import Server
from tests.virtual import Inline, VirtualLoop


class Theatre:
    """Where plays run; `changes` are mutations of the scripts."""

    def __init__(self, url: str, changes: Mapping[str, str]) -> None:
        self._server, self._keyring = Server(url), Keyring([fresh_key()])
        self._stores = [ObservedStore(self._server, changes) for _ in range(2)]
        self._loop = VirtualLoop()
        self._loop.set_default_executor(Inline())

    def play(self, moves: Sequence[Move]) -> None:
        play = Play(self._server, self._stores, self._keyring)
        try:
            self._loop.run_until_complete(play.run(moves))
        except ResponseError:  # what a script that failed left half done may break a law
            play._look()
            raise

    def close(self) -> None:
        self._loop.close()
        self._server.wire.close()


Open = Callable[[Mapping[str, str]], Theatre]


@pytest.fixture
def theatre(any_server: str) -> Iterator[Open]:
    opened: list[Theatre] = []

    def theatre(changes: Mapping[str, str]) -> Theatre:
        opened.append(Theatre(any_server, changes))
        return opened[-1]

    yield theatre
    for each in opened:
        each.close()
