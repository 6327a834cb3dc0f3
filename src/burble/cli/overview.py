"""What a text looks like, as a page in a terminal. Knows nothing of how it is found out."""

import locale
import shutil
from collections.abc import Iterator, Sequence

from burble.data.corpus import Corpus
from burble.data.histogram import Histogram
from burble.data.lines import Line
from burble.data.overview import Overview, describe_shares
from burble.data.report import tabulate_alphabet
from burble.formatting import listed, some

_WIDEST, _NARROWEST = 100, 40
_BAR = "█"


def draw_page(corpus: Corpus, overview: Overview) -> list[str]:
    """The page, line by line, the alphabet first.

    Args:
        corpus: The text.
        overview: What it looks like.
    """
    wide = min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size((_WIDEST, 24)).columns))
    bar = _BAR if _can_show(_BAR) else "#"
    lines = [*tabulate_alphabet(corpus), ""]
    lines += _draw_histogram("Line lengths, in characters", overview.line_lengths, wide, bar)
    if overview.document_lengths:
        title = "Document lengths, in characters"
        lines += _draw_histogram(title, overview.document_lengths, wide, bar)
    for title, counts in (
        ("Scripts, by letters", overview.scripts),
        ("Languages, by likelihood of pieces", overview.languages),
    ):
        if counts:
            lines += [f"{title}: {listed(describe_shares(counts), most=8)}", ""]
    lines += _list_lines("Repeated lines", overview.repeated, wide)
    lines += _list_lines("Odd lines", overview.odd, wide)
    if overview.fraction < 1:
        lines += [f"Lines were looked at in the first {overview.fraction:.0%} of the text.", ""]
    lines.append("A sample of what will be learned")
    for piece in overview.sample:
        lines += [f"  | {_plain(line)}".rstrip() for line in piece.splitlines()]
        lines.append("  ---")
    return lines[:-1]


def _can_show(sign: str) -> bool:
    """Whether the person's terminal has a sign, as far as its language tells."""
    try:
        sign.encode(locale.getencoding())
    except UnicodeEncodeError:
        return False
    return True


def _draw_histogram(title: str, found: Histogram, wide: int, bar: str) -> Iterator[str]:
    """A histogram as bars, a line each."""
    yield (
        f"{title}: {some(found.total, 'length')}, from {found.shortest:,} to {found.longest:,}, "
        f"median {found.median:,}"
    )
    names = [*map(_name_range, found.edges, found.edges[1:])]
    names[-1] = f"{found.edges[-2]:,} or more" if found.beyond else names[-1]
    left, right = max(map(len, names)), max(len(f"{n:,}") for n in found.counts)
    room = max(8, wide - left - right - 6)
    most = max(*found.counts, 1)
    for name, count in zip(names, found.counts, strict=True):
        size = -(-count * room // most) if count else 0
        yield f"  {name:>{left}} {count:>{right},} {bar * size}".rstrip()
    yield ""


def _name_range(low: int, high: int) -> str:
    """A range of lengths."""
    return f"{low:,}" if high - low == 1 else f"{low:,} to {high - 1:,}"


def _list_lines(title: str, found: Sequence[Line], wide: int) -> Iterator[str]:
    """Lines with their places and what there is to say of them."""
    if not found:
        return
    yield title
    for one in found:
        yield f"  {one.place}: {one.why}"
        text = _plain(one.text)
        yield f"    {text[: wide - 5]}{'…' if len(text) > wide - 5 else ''}"
    yield ""


def _plain(text: str) -> str:
    """A text without characters that a terminal would obey."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
