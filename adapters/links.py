"""Links that nobody typed are shown, whole and inert: a model may be talked into any address."""

import re

ZERO_WIDTH_SPACE = "\u200b"
LONGEST = 500  # characters of an address or of code in a line: so long is never cut in two

_FLAGS = re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE
_CODE = r"""
    (?P<code>
        ^[ ]{0,3}```[^`\n]*\n(?=\s*[^\s`])(?:(?!```|\]\().)*?(?:^[ ]{0,3}```[ \t]*$|\Z)
        | (?<![`\\])`(?:(?!\]\()[^`\n]){1,500}`(?!`)
    )"""
_LINK = r"""
    (?<!\\)!?\[(?P<label>(?:[^\[\]`\n]|`[^`\[\]\n]*`)*)\]
    \([ \t]*<?(?P<target>(?:[^\s<>()`]|\([^\s<>()`]*\))*)>?(?:[ \t]+[^()\n]*)?\)
    | (?P<bare>(?:(?<![a-z0-9+.-])[a-z0-9+.-]+://|www\.|(?<![\w.-])(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/
        |(?<![^\s(<])//(?=\w)|(?<![a-z0-9+.-])https?:(?!\s))[^\s<>`|\[\]]*)"""
_SETTLED = re.compile(f"{_CODE} | {_LINK}", _FLAGS)
_UNSETTLED = re.compile(_LINK, _FLAGS)
# Platforms differ on what is code once markup does not add up. Before the first stray mark they
# agree: there, links in code stay as they are and others become code.
_MARKUP = re.compile(
    rf"""{_CODE}
    | (?P<mark>\*{{1,3}}|__?|~~|\|\|)(?=[^\s*_~|])
        (?:[^*~|`\\\n]|`[^`*_~|\n]+`(?!`))+?(?<=[^\s_])(?P=mark)(?![*_~|])(?<!_(?=\w))
    | (?P<stray>`|\*(?=\S)|(?<!\w)_|__|~~|\|\|)""",
    _FLAGS,
)
_ADDRESS = re.compile(  # one that goes on to another is none
    r"(?:https?://)?(?:www\.)?(?!\S*(?:://|www\.))"
    r"(?P<host>[\w.-]+)(?::\d+)?(?=[/?#\s]|[^\w\s\[]*(?:\s|\Z))",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?<=://)[\w.-]+|(?:[\w-]+\.)+[\w-]+")
_STYLE = re.compile(r"[*~\\)]|__|(?<!\w)_|_(?!\w)")
_LEADS = re.compile(r":|//|www\.", re.IGNORECASE)
_WAKES = re.compile(r"(?i)(?=://)|(?<=http)(?=s?:(?!//))|(?<![:/])(?=//)|(?<=\w)(?=\.)")
_JOINS = re.compile(r"[\w:/.@`\]-]\Z|\]\(\Z")  # what would make one address, or a new link


def named(text: str, host: str) -> bool:
    """Whether a text names the host, in a link or by itself."""
    word = rf"(?<![\w.@-])(?:www\.)?{re.escape(host)}(?![\w-]|\.\w|://)"
    return bool(host) and re.search(word, text, re.IGNORECASE) is not None


def inert(text: str, typed: str) -> str:
    """The same text, in which only links to hosts that `typed` names can be pressed.

    A link behind words is shown with its address, unless that was typed and the words name no
    other host.
    """
    strays = (found.start() for found in _MARKUP.finditer(text) if found["stray"])
    end = next(strays, len(text))

    def settled(found: re.Match[str]) -> str:
        return found["code"] or _shown(found, typed, text)

    def unsettled(found: re.Match[str]) -> str:
        return _shown(found, typed, "")

    return _SETTLED.sub(settled, text[:end]) + _UNSETTLED.sub(unsettled, text[end:])


def _shown(found: re.Match[str], typed: str, text: str) -> str:
    """`text`: the whole one, where links may become code; else empty."""
    if found["bare"]:
        known = named(typed, _host(text or found.string, found.start()))
        around = text[max(found.start() - 1, 0) : found.start()] + text[found.end() :][:1]
        code = bool(text) and not set(around) & {"`", "\\"}
        return found["bare"] if known else _inert(found["bare"], code=code)
    label, target = found["label"], found["target"]
    host = _host(target)
    known, others = named(typed, host), {_plain(each) for each in _HOST.findall(label)} - {host}
    if not _LEADS.search(target) or (known and not others):
        return found[0]
    address = target if known else _inert(target, code=bool(text))
    words = _UNSETTLED.sub(lambda link: _shown(link, typed, ""), label).strip()
    shown = f"{words if label != target else ''} ({address})".lstrip()
    return f" {shown}" if _JOINS.search(found.string[: found.start()][-2:]) else shown


def _inert(link: str, *, code: bool) -> str:
    shown = link.rstrip(".,;:!?'\")]}*_~")
    if code and 0 < len(shown) <= LONGEST and not _STYLE.search(shown):
        return f"`{shown}`{link[len(shown) :]}"
    return _WAKES.sub(ZERO_WIDTH_SPACE, link)


def _host(text: str, at: int = 0) -> str:
    address = _ADDRESS.match(text, at)
    return _plain(address["host"]) if address else ""


def _plain(host: str) -> str:
    return host.strip(".").lower().removeprefix("www.")
