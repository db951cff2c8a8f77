"""Every step that a store takes, in every state that makes a difference to it."""

from tests.memory.scenes.keeping import KEEPING
from tests.memory.scenes.receiving import RECEIVING
from tests.memory.scenes.scene import Scene, debris, of
from tests.memory.scenes.turns import TURNS

SCENES = (*RECEIVING, *TURNS, *KEEPING)

__all__ = ["SCENES", "Scene", "debris", "of"]
