"""Which links a text has that can be pressed, as two kinds of readers take Markdown."""

import re
from collections.abc import Iterator

URL = re.compile(r"https?://[^\s<]+[^<.,:;\"'\]\s]", re.IGNORECASE)
STYLED = re.compile(
    r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"
    r"|__((?:\\[\s\S]|[^\\])+?)__(?!_)"
    r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    r"|\b_((?:__|\\[\s\S]|[^\\_])+?)_\b"
    r"|~~([\s\S]+?)~~(?!_)|\|\|([\s\S]+?)\|\|"
)
CODE = re.compile(
    r"```(?:[a-z0-9_+\-.#]+?\n)?\n*[^\n][\s\S]*?\n*```|(`+)[\s\S]*?[^`]\1(?!`)", re.IGNORECASE
)
NAMED = re.compile(
    r"\[(?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*\]"
    r"\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?(?:\s+['\"][\s\S]*?['\"])?\s*\)"
)


def by_discord(text: str) -> Iterator[str]:
    """From left to right, whatever comes first, as Discord's client does."""
    at = 0
    while at < len(text):
        if re.compile(r"\\[^0-9A-Za-z\s]").match(text, at):
            at += 2
        elif found := CODE.match(text, at):
            at = found.end()
        elif found := URL.match(text, at):
            yield found[0]
            at = found.end()
        elif found := NAMED.match(text, at):
            yield from ([found[1]] if re.match("https?://", found[1], re.IGNORECASE) else [])
            at = found.end()
        elif found := STYLED.match(text, at):
            yield from by_discord(next(filter(None, found.groups())))
            at = found.end()
        else:
            at += 1


def by_commonmark(text: str) -> Iterator[str]:
    """Blocks first, then code, then everything that may be a link."""
    fence, prose = "", list[str]()
    for line in text.split("\n"):
        mark = re.match(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})(.*)", line)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark:
            fence = mark[1]
            prose.append("")
        else:
            prose.append(line)
    for paragraph in re.split(r"\n\s*\n", "\n".join(prose)):
        spoken = re.sub(r"\\`|(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)", " ", paragraph)
        unnamed = re.sub(r"\]\([^\s()<>]*\)", "] ", spoken)
        yield from URL.findall(unnamed)
        yield from re.findall(r"(?<![\w/.@-])www\.\w[^\s<]*", URL.sub(" ", unnamed), re.IGNORECASE)
        yield from re.findall(r"\]\(\s*<?((?:https?:|//|www\.)[^\s)>]+)", spoken, re.IGNORECASE)


def live_hosts(text: str) -> set[str]:
    """Where a reader of this text may get to by pressing."""
    links = {*by_discord(text), *by_commonmark(text)}
    return {host for link in links if re.match(r"\w", host := _host(link))}


def _host(link: str) -> str:
    authority = re.split(r"[/?#\\]", re.sub(r"^(?:https?:)?//", "", link, flags=re.IGNORECASE))[0]
    host = re.sub(r":\d*$", "", re.sub(r"[\W_]+$", "", authority.rpartition("@")[2]))
    return host.lower().removeprefix("www.")
