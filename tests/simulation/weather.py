"""How bad things are in a run: what a seed draws from."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Seconds between two, on average, where nothing else is said."""

    worse: float = 0.0  # so many times what the lines promise; 0: as the seed will have it
    deadly: float = 1.0  # so many times
    kill: float = 60.0
    deploy: float = 80.0
    freeze: float = 40.0
    outage: float = 0.15  # of so many runs
    stalls: float = 0.02  # of so many calls: the process freezes before they reach the wire
    echoes: bool = True  # the platform tells of the bot's own posts, which mends much
    forgetful: float = 0.1  # of so many messages people want all forgotten soon after
    talk: int = 12  # messages in a conversation, at most
    haste: float = 1.0  # so many times as fast
    lengths: tuple[int, ...] = (0, 1, 5, 20, 40, 60)  # of replies, in pieces: up to four posts
    ponder: float = 1.0  # so many times as long a summary takes
    lease: float = 30.0  # seconds it is held for


FAIR = Weather()
ROUGH = Weather(worse=5.0)
DEADLY = Weather(deadly=8.0)
CALM = Weather(worse=1.0, deadly=0.1, kill=500.0, deploy=500.0, freeze=500.0, stalls=0.0)
FOLDING = replace(CALM, talk=80, haste=2.0, ponder=2.0, lengths=(0,), forgetful=0.02)
FORGETFUL = Weather(forgetful=0.6)
# Without the echo, each rule has to hold by itself; a process that stalls breaks what it may.
DEAF = Weather(worse=5.0, deadly=4.0, stalls=0.0, echoes=False)
DEAF_AND_DOWN = Weather(deadly=8.0, outage=1.0, stalls=0.0, echoes=False)
RESTLESS = replace(CALM, worse=6.0, deploy=8.0, echoes=False)
STALLED = Weather(stalls=0.1, lease=12.0)  # more than holds without the echo
HASTY = Weather(worse=4.0, deploy=20.0, lease=12.0)
