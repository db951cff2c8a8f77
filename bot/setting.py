"""What settings are made of: kinds of values with their rules, and the section they stand in."""

import re
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from memory.seal import KeyProblem, Keyring


class Conflict(ValueError):
    """A key, named from the section that checks it, does not go with its neighbours."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


def like(pattern: str, words: str) -> AfterValidator:
    def check(value: str | SecretStr) -> str | SecretStr:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return value

    return AfterValidator(check)


def keys(value: SecretStr) -> SecretStr:
    try:
        Keyring.parse(value.get_secret_value())
    except KeyProblem as problem:
        raise ValueError(str(problem).removeprefix("MEMORY_KEY: ")) from None
    return value


def address(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        raise ValueError(
            "must be an IP address: 127.0.0.1 for this machine, 0.0.0.0 for all"
        ) from None


_HOST = r"(\[[\da-fA-F:.]+\]|[^\s@/,:?#\[\]]+)(:\d{1,5})?"
_HOSTS = rf"(\S*@)?{_HOST}(,{_HOST})*"
REDIS = like(
    rf"(rediss?|unix)://\S+|rediss?\+cluster://{_HOSTS}/?(\?\S*)?"
    rf"|rediss?\+sentinel://{_HOSTS}/[^\s/?#]+(/\d+)?(\?\S*)?",
    "must be like redis://host:port, rediss://…, unix:///path, redis+cluster://host:port,host:port "
    "or redis+sentinel://host:port,host:port/service",
)
LOWER = BeforeValidator(lambda value: str(value).lower())
Count = Annotated[int, Field(ge=1)]
Tokens = Annotated[int, Field(ge=100)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Numbers = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...],
    BeforeValidator(lambda value: value.split(",") if isinstance(value, str) else value),
]
Address = Annotated[str, like(r"https?://[^\s/]+(/\S*)?", "must start with http:// or https://")]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
