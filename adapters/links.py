"""Links that nobody typed are shown, whole and inert: a model may be talked into any address."""

import re
from collections.abc import Set as AbstractSet

ZERO_WIDTH_SPACE = "\u200b"
LONGEST = 500  # characters of an address or of code in a line: so long is never cut in two

_FLAGS = re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE
_CODE = r"""
    (?P<code>
        ^[ ]{0,3}```[^`\n]*\n(?=\s*[^\s`])(?:(?!```|\]\().)*?(?:^[ ]{0,3}```[ \t]*$|\Z)
        | (?<![`\\])`(?:(?!\]\()[^`\n]){1,500}`(?!`)
    )"""
_LINK = r"""
    (?<!\\)!?\[(?P<label>(?:[^\[\]`\n]|`[^`\[\]\n]*`)*+)\]
    \([ \t]*+<?(?P<target>(?:[^\s<>()`]|\([^\s<>()`]*\))*+)>?
        (?:[ \t]++(?:(?!//|https?:|www\.)[^()\n])*+)?\)
    | (?P<bare>(?:(?<![a-z0-9+.-])[a-z0-9+.-]++://|www\.|(?<![\w.-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/
        |(?<![^\s(<])//(?=\w)|(?<![a-z0-9+.-])https?:(?!\s))[^\s<>`|\[\]]*)"""
_SETTLED = re.compile(f"{_CODE} | {_LINK}", _FLAGS)
_UNSETTLED = re.compile(_LINK, _FLAGS)
# Platforms differ on what is code once markup does not add up. Before the first stray mark they
# agree: there, links in code stay as they are and others become code.
_WITHIN = r"(?:[^*~|`\\\n]|`[^`*_~|\n]+`(?!`))"
_UNDERLINED = re.compile(
    rf"(?P<mark>__?)(?=[^\s*_~|]){_WITHIN}+?(?<=[^\s_])(?P=mark)(?![*_~|])(?<!_(?=\w))"
)
_REACH = re.compile(r"(?:[^*~|`\\\n]++|`[^`*_~|\n]+`(?!`))*+")
_MARKUP = re.compile(
    rf"""{_CODE}
    | (?P<under>__?)(?=[^\s*_~|])
    | (?P<mark>\*{{1,3}}|~~|\|\|)(?=[^\s*_~|]){_WITHIN}+?(?<=[^\s_])(?P=mark)(?![*_~|])
    | (?P<stray>`|\*(?=\S)|(?<!\w)_|__|~~|\|\|)""",
    _FLAGS,
)
_LOOSE = re.compile(r"(?<!\w)_|__|`")
_WORD = re.compile(r"(?:\S*(?P<lead>://|www\.))?\S*+", re.IGNORECASE)  # and its last lead
_ADDRESS = re.compile(
    r"(?:https?://)?+(?:www\.)?+(?P<host>[\w.-]++)(?::\d++)?(?=[/?#\s]|[^\w\s\[]*+(?:\s|\Z))",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?<=://)[\w.-]+|(?<![\w-])(?:[\w-]++\.)+[\w-]+")
_NAME = re.compile(r"(?<![\w.@-])[\w.-]++(?:://)?")
_ENDS = re.compile(r"\.(?!\w)")  # where a name ends, and what follows is of none
_LONGEST_NAME = 260  # characters: a host's name has 253 at most, "www." is not of it
_STYLE = re.compile(r"[*~\\)]|__|(?<!\w)_|_(?!\w)")
_LEADS = re.compile(r":|//|www\.", re.IGNORECASE)
_WAKES = re.compile(r"(?i)(?=://)|(?<=http)(?=s?:(?!//))|(?<![:/])(?=//)|(?<=\w)(?=\.)")
_JOINS = re.compile(r"[\w:/.@`\]-]\Z|\]\(\Z")  # what would make one address, or a new link


def named(text: str, host: str) -> bool:
    """Whether a text names the host, in a link or by itself."""
    return host.lower() in _hosts(text)


def _hosts(text: str) -> AbstractSet[str]:
    """All that a text names."""
    names = set(_NAME.findall(text.lower()))
    dotted = {each for each in names if "." in each or ":" in each}
    names -= dotted
    for each in dotted:
        if len(each) <= _LONGEST_NAME:
            names.update(each[: end.start()] for end in _ENDS.finditer(each))
            names.update([each] if each[-1] != "/" else ())
    return names.union(each[4:] for each in names if each.startswith("www.")) - {""}


def inert(text: str, typed: str) -> str:
    """The same text, in which only links to hosts that `typed` names can be pressed.

    A link behind words is shown with its address, unless that was typed and the words name no
    other host.
    """
    hosts, end = _hosts(typed), _first_stray(text)
    whole, rest = _Reader(text, hosts, code=True), _Reader(text[end:], hosts, code=False)
    return _SETTLED.sub(whole.shown, text[:end]) + _UNSETTLED.sub(rest.shown, text[end:])


def _first_stray(text: str) -> int:
    """Where markup first does not add up."""
    at, hopeless = 0, {"_": 0, "__": 0}  # so far no such mark finds its partner
    while found := _MARKUP.search(text, at):
        if found["stray"]:
            return found.start()
        if not (mark := found["under"]):
            at = found.end()
        elif found.start() >= hopeless[mark] and (closed := _UNDERLINED.match(text, found.start())):
            at = closed.end()
        elif _LOOSE.match(text, found.start()):
            return found.start()
        else:
            if found.start() >= hopeless[mark]:
                reach = _REACH.match(text, found.start() + 1)
                hopeless[mark] = reach.end() if reach else len(text)
            loose = _LOOSE.search(text, found.start() + 1, hopeless[mark])
            at = loose.start() if loose else hopeless[mark]
    return len(text)


class _Reader:
    """Shows the links of one text, from left to right; `code`: as code, where it can be."""

    def __init__(self, text: str, hosts: AbstractSet[str], *, code: bool) -> None:
        self._text, self._hosts, self._code = text, hosts, code
        self._end = self._lead = 0  # where the word ends that was read last; its last lead

    def shown(self, found: re.Match[str]) -> str:
        if found["bare"]:
            return self._bare(found)
        return found["code"] if found["label"] is None else self._named(found)

    def _bare(self, found: re.Match[str]) -> str:
        start, end = found.span()
        if self.host(start) in self._hosts:
            return found[0]
        around = self._text[max(start - 1, 0) : start] + self._text[end : end + 1]
        return _inert(found[0], code=self._code and "`" not in around and "\\" not in around)

    def _named(self, found: re.Match[str]) -> str:
        """A link behind words."""
        label, target = found["label"], found["target"]
        if not _LEADS.search(target):
            return found[0]
        host = _Reader(target, self._hosts, code=False).host(0)
        known, others = host in self._hosts, {_plain(each) for each in _HOST.findall(label)}
        if known and others <= {host}:
            return found[0]
        address = target if known else _inert(target, code=self._code)
        inner = _Reader(label, self._hosts, code=False)
        words = _UNSETTLED.sub(inner.shown, label).strip() if label != target else ""
        shown = f"{words} ({address})".lstrip()
        before = self._text[max(found.start() - 2, 0) : found.start()]
        return f" {shown}" if _JOINS.search(before) else shown

    def host(self, at: int) -> str:
        """Of the address that begins there; empty if it is none, as one that goes on to another."""
        if at >= self._end and (word := _WORD.match(self._text, at)):
            self._end, self._lead = word.end(), word.start("lead")
        address = _ADDRESS.match(self._text, at)
        return _plain(address["host"]) if address and address.start("host") > self._lead else ""


def _inert(link: str, *, code: bool) -> str:
    shown = link.rstrip(".,;:!?'\")]}*_~")
    if code and 0 < len(shown) <= LONGEST and not _STYLE.search(shown):
        return f"`{shown}`{link[len(shown) :]}"
    return _WAKES.sub(ZERO_WIDTH_SPACE, link)


def _plain(host: str) -> str:
    return host.strip(".").lower().removeprefix("www.")
