"""A folder and an environment to configure the bot from."""

import dataclasses
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.config import Config, ConfigError, load


@dataclasses.dataclass(frozen=True)
class Setup:
    folder: Path

    def load(self, text: str = "", dotenv: str = "", **environ: str) -> Config:
        (self.folder / "config.yaml").write_text(text)
        (self.folder / ".env").write_text(dotenv)
        return load(self.folder / "config.yaml", environ)

    def lines(self, text: str = "", dotenv: str = "", **environ: str) -> list[str]:
        with pytest.raises(ConfigError) as error:
            self.load(text, dotenv, **environ)
        assert not isinstance(error.value.__context__, ValidationError)  # it holds the values
        return str(error.value).splitlines()


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)
