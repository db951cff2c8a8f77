"""Slack's mrkdwn -> Markdown, with people, channels and links resolved.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping
from functools import partial

from adapters.markup import tag

Names = Mapping[str, str]

_CODE = re.compile(r"```(?P<block>.+?)```|`(?P<span>[^`\n]+)`", re.DOTALL)
_ENTITY = re.compile(r"<([^<>|][^<>]*)>")
_BULLET = re.compile(r"^([^\S\n]*)[•◦▪] +", re.MULTILINE)
# A raw angle bracket only ever delimits an entity: no style begins or ends inside of one.
_STYLE = (
    r"<[^<>]*+>|(?<![\w{0}])[{0}](?=[^\s{0}])((?:[^{0}<\n]|<[^<>\n]*+>|<(?![^<>\n]*+>))++)"
    r"(?<=\S)[{0}](?![\w{0}])"
)
_BOLD, _STRIKE = re.compile(_STYLE.format("*")), re.compile(_STYLE.format("~"))


def mentions(mrkdwn: str, user: str) -> bool:
    return f"<@{user}>" in mrkdwn or f"<@{user}|" in mrkdwn


def markdown(mrkdwn: str, *, me: str, names: Names) -> str:
    """As people see it in Markdown, without the mention of `me`; `names`: by user id."""
    mrkdwn = re.sub(rf"<@{re.escape(me)}(\|[^<>]*)?> ?", "", mrkdwn)
    parts, end = [], 0
    for code in _CODE.finditer(mrkdwn):
        parts += [_prose(mrkdwn[end : code.start()], names), _code(code, names)]
        end = code.end()
    parts.append(_prose(mrkdwn[end:], names))
    text = "".join(parts).strip()
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _prose(mrkdwn: str, names: Names) -> str:
    if not mrkdwn or mrkdwn.isalnum():
        return mrkdwn
    styled = _STRIKE.sub(partial(_marked, "~~"), _BOLD.sub(partial(_marked, "**"), mrkdwn))
    return _ENTITY.sub(lambda entity: _resolved(entity[1], names), _BULLET.sub(r"\1- ", styled))


def _marked(mark: str, found: re.Match[str]) -> str:
    return f"{mark}{found[1]}{mark}" if found[1] else found[0]


def _code(code: re.Match[str], names: Names) -> str:
    if code["span"] and "<" not in code["span"]:
        return code[0]

    def plain(entity: re.Match[str]) -> str:
        target, _, label = entity[1].partition("|")
        return _resolved(target, names) if target[0] in "@#!" else label or target

    if code["span"]:
        return f"`{_ENTITY.sub(plain, code['span'])}`"
    return "```\n" + _ENTITY.sub(plain, code["block"]).strip("\n") + "\n```"


def _resolved(entity: str, names: Names) -> str:
    target, _, label = entity.partition("|")
    match target[0]:
        case "@":
            return f"@{tag(names.get(target[1:], target[1:]))}"
        case "#":
            return f"#{tag(label or names.get(target[1:], target[1:]))}"
        case "!":
            return label or f"@{target.rpartition('^')[2].lstrip('!')}"
    return f"[{label}]({target})" if label and label != target else target
