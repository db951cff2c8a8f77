"""Configuration: config.yaml and the environment become one frozen Config, or plain errors."""

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.setting import Conflict, Section
from bot.settings import Config

__all__ = ["Config", "ConfigError", "load"]

Key = tuple[str, ...]

_PREFIX: Final = "THREADKEEPER_"
_IN_FILE_TOO: Final = (("port",), ("log_level",))
_WORDS: Final = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "model_type": "must be a section with keys of its own",
    "string_type": "must be text",
    "value_error": "{error}",
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), "must be a number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "must be true or false"),
}


class ConfigError(Exception):
    """What is wrong, one line per problem; no secret stands in any of them."""


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """From config.yaml and, over it, `.env` beside it and the environment. Raises ConfigError.

    No file means defaults; so does a known name that is empty, such as `REDIS_URL=`.
    """
    file, env = _file(path), _environment(path.with_name(".env"), environ)
    misplaced = {key: name for key in file if (name := _own_name(key)) and key not in _IN_FILE_TOO}
    lines = [
        f"{'.'.join(key)}: belongs in the environment or .env as {name}, not in config.yaml"
        for key, name in misplaced.items()
    ]
    values = {key: value for key, value in file.items() if key not in misplaced} | env
    try:
        config = Config.model_validate(_nested(values))
    except ValidationError as wrong:
        lines += [_line(error, env) for error in wrong.errors(include_url=False)]
    if lines:  # raised out here: the ValidationError, which holds the values, stays behind
        raise ConfigError("\n".join(lines))
    return config


def _file(path: Path) -> dict[Key, object]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = re.sub(r" ?'[^']{4,}'", "", error.problem or "is not YAML")  # no values
        raise ConfigError(f"{path}: line {line}: {problem}") from None
    except (yaml.YAMLError, ValueError):
        raise ConfigError(f"{path}: is not YAML in UTF-8") from None
    if not isinstance(content, dict | None):
        raise ConfigError(f"{path}: must hold keys and values, such as `follow: never`")
    return dict(_flat(content or {}))


def _environment(dotenv: Path, environ: Mapping[str, str]) -> dict[Key, str]:
    try:
        given = {**dotenv_values(dotenv, interpolate=False), **environ}
    except (OSError, ValueError):
        raise ConfigError(f"{dotenv}: must be a readable text file of NAME=value lines") from None
    prefixed = {
        tuple(name.removeprefix(_PREFIX).lower().split("__")): value
        for name, value in given.items()
        if name.startswith(_PREFIX) and value is not None
    }
    named = {key: (given.get(name) or "").strip() for name, key in _names().items()}
    return prefixed | {key: value for key, value in named.items() if value}


def _flat(section: Mapping[object, object], at: Key = ()) -> Iterator[tuple[Key, object]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from _flat(value, (*at, str(name)))
        elif value is not None:
            yield (*at, str(name)), value


def _nested(values: Mapping[Key, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key in sorted(values, key=len):
        node: Any = tree
        for name in key[:-1]:
            node = node.setdefault(name, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):  # else a section was given as a value: that is reported
            node[key[-1]] = values[key]
    return tree


def _fields(section: type[BaseModel], at: Key = ()) -> Iterator[tuple[Key, object]]:
    """Every key with its default; sections come before their keys."""
    for name, field in section.model_fields.items():
        yield (*at, name), field.default
        if isinstance(field.default, Section):
            yield from _fields(type(field.default), (*at, name))


@cache
def _names() -> Mapping[str, Key]:
    """SLACK_BOT_TOKEN and the like: what has no default, and PORT and LOG_LEVEL."""
    own = (key for key, default in _fields(Config) if default is None or key in _IN_FILE_TOO)
    return {"_".join(key).upper(): key for key in own}


def _own_name(key: Key) -> str:
    name = "_".join(key).upper()
    return name if name in _names() else ""


def _line(error: ErrorDetails, env: Mapping[Key, str]) -> str:
    key = tuple(str(part) for part in error["loc"])
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Conflict):
        key += tuple(cause.key.split("."))
    path, name = ".".join(key), _own_name(key)
    if error["type"] == "extra_forbidden":
        return f"{path}: is not a known key{_hint(key)}"
    if name and (key in env or key not in _IN_FILE_TOO):
        return f"{name}: {_words(key, error)}"
    name = name or _PREFIX + "__".join(key).upper()
    return f"{path}: {_words(key, error)} (set it in config.yaml or as {name})"


def _words(key: Key, error: ErrorDetails) -> str:
    words = _WORDS.get(error["type"], "cannot be used").format(**error.get("ctx", {}))
    if key == ("port",):
        words = "must be a number from 1 to 65535"
    value = error["input"]
    secret = _own_name(key) and key not in _IN_FILE_TOO
    short = isinstance(value, str | int | float) and len(str(value)) <= 20
    return (
        words
        if secret or not short or error["type"] == "value_error"
        else f"{words}, not {value!r}"
    )


def _hint(key: Key) -> str:
    """The known key probably meant: a neighbour, one of that name, or one that looks alike."""
    known = {".".join(path): path for path, _ in _fields(Config)}
    beside = [path[-1] for path in known.values() if path[:-1] == key[:-1]]
    meant = [".".join((*key[:-1], name)) for name in difflib.get_close_matches(key[-1], beside)]
    meant += [name for name, path in known.items() if path[-1] == key[-1]]
    meant += difflib.get_close_matches(".".join(key), known)
    return f"; did you mean {_own_name(known[meant[0]]) or meant[0]}?" if meant else ""
