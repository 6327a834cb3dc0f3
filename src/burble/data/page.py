"""What a text looks like, as a page in HTML that needs nothing else. Knows no terminal.

All that comes from the text is escaped. Colours follow the reader's light or dark mode, and print.
"""

from collections.abc import Iterator, Sequence
from html import escape

from burble import __version__, pages
from burble.data.corpus import Corpus
from burble.data.histogram import Histogram
from burble.data.lines import Line
from burble.data.overview import Overview, describe_shares
from burble.data.report import name_symbol, summarize

_STYLE = """
.scroll svg { min-width: 30rem; }
td.place { width: 34%; }
"""
_FREQUENT, _RARE = 40, 40
_WIDTH, _HEIGHT, _FOOT = 720, 200, 34


def write_page(corpus: Corpus, overview: Overview) -> str:
    """The page.

    Args:
        corpus: The text.
        overview: What it looks like; see `overview.survey`.
    """
    title = ", ".join(corpus.names[:3]) + (" …" if len(corpus.names) > 3 else "")
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">What burble {escape(__version__)} would learn from it.</p>',
        _draw_facts(corpus),
        _draw_list("What was read", summarize(corpus)[1:]),
        _draw_histogram("Line lengths", overview.line_lengths, "characters of a line"),
    ]
    if lengths := overview.document_lengths:
        parts.append(_draw_histogram("Document lengths", lengths, "characters of a document"))
    parts += [
        _draw_shares("Scripts", overview.scripts, "letters"),
        _draw_shares("Languages", overview.languages, "pieces that are likeliest in it"),
        _draw_lines("Repeated lines", overview.repeated),
        _draw_lines("Odd lines", overview.odd),
        _draw_private(corpus),
        _draw_sample(overview.sample),
        _draw_alphabet(corpus),
    ]
    return pages.write_page(title, parts, _STYLE)


def _draw_facts(corpus: Corpus) -> str:
    """The figures that matter most."""
    held = len(corpus.ids) - corpus.cut
    facts = {
        "characters": corpus.characters,
        "lines": corpus.lines,
        "documents": corpus.documents,
        "different symbols": len(corpus.vocabulary.symbols),
        "symbols for validation": held,
    }
    return pages.draw_facts({name: f"{n:,}" for name, n in facts.items()})


def _draw_list(title: str, sentences: Sequence[str]) -> str:
    """Sentences below a heading."""
    listed = pages.draw_list(sentences)
    return f"<h2>{escape(title)}</h2>{listed}" if listed else ""


def _draw_histogram(title: str, found: Histogram, unit: str) -> str:
    """A histogram as a picture, with what it shows in words."""
    words = (
        f"{found.total:,} from {found.shortest:,} to {found.longest:,} characters, "
        f"median {found.median:,}"
    )
    return (
        f'<section class="keep"><h2>{escape(title)}</h2><p class="soft">{words}</p>'
        f'<div class="scroll" tabindex="0"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title)}: {words}">'
        f"{''.join(_draw_bars(found))}"
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 3}" text-anchor="middle">{escape(unit)}</text>'
        "</svg></div></section>"
    )


def _draw_bars(found: Histogram) -> Iterator[str]:
    """The bars of a histogram, each with its count."""
    step = _WIDTH / len(found.counts)
    floor, most = _HEIGHT - _FOOT, max(*found.counts, 1)
    for bar, count in enumerate(found.counts):
        tall = (floor - 18) * count / most
        low, high = found.edges[bar], found.edges[bar + 1]
        last = found.beyond and bar == len(found.counts) - 1
        span = f"{low:,} or more" if last else f"{low:,} to {high - 1:,}"
        x, y = bar * step + 2, floor - tall
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - 4:.1f}" height="{tall:.1f}" rx="2">'
            f"<title>{span}: {count:,}</title></rect>"
        )
        if count:
            middle = x + step / 2 - 2
            place = f'x="{middle:.1f}" y="{y - 4:.1f}" text-anchor="middle"'
            yield f"<text {place}>{_short(count)}</text>"
        yield f'<text x="{x:.1f}" y="{floor + 14}">{_short(low)}{"+" if last else ""}</text>'
    yield f'<line x1="0" y1="{floor}" x2="{_WIDTH}" y2="{floor}"/>'


def _short(count: int) -> str:
    """A number in few characters.

    >>> _short(999), _short(12_345), _short(3_400_000)
    ('999', '12k', '3.4M')
    """
    if count < 1_000:
        return str(count)
    large, letter = (count / 1e6, "M") if count >= 999_500 else (count / 1e3, "k")
    return f"{large:.1f}{letter}" if large < 10 else f"{large:.0f}{letter}"


def _draw_shares(title: str, counts: dict[str, int], unit: str) -> str:
    """Names with how much of all each is."""
    if not counts:
        return ""
    named = escape(", ".join(describe_shares(counts)))
    return f'<h2>{escape(title)}</h2><p>{named} <span class="soft">of {escape(unit)}</span></p>'


def _draw_lines(title: str, found: Sequence[Line]) -> str:
    """Lines with their places and what there is to say of them."""
    if not found:
        return ""
    rows = (
        f'<tr><td class="place">{escape(one.place)}<br>'
        f'<span class="soft">{escape(one.why)}</span></td>'
        f'<td class="text" dir="auto">{_show(one.text)}</td></tr>'
        for one in found
    )
    return f"<h2>{escape(title)}</h2>{pages.draw_table(title, '<th>where</th><th>what</th>', rows)}"


def _draw_private(corpus: Corpus) -> str:
    """How much private data was found, and where; never what it is."""
    if not corpus.encoded.private:
        return ""
    rows = (
        f"<tr><td>{escape(kind)}{' (masked)' if found['masked'] else ''}</td>"
        f'<td class="n">{found["count"]:,}</td><td>{escape("; ".join(found["places"]))}</td></tr>'
        for kind, found in corpus.encoded.private.items()
    )
    heads = '<th>kind</th><th class="n">count</th><th>first in</th>'
    return f"<h2>Private data</h2>{pages.draw_table('Private data', heads, rows)}"


def _draw_sample(sample: Sequence[str]) -> str:
    """Pieces of what is learned."""
    pieces = "".join(f'<pre dir="auto">{escape(piece)}</pre>' for piece in sample)
    return f"<h2>A sample of what will be learned</h2>{pieces}" if pieces else ""


def _draw_alphabet(corpus: Corpus) -> str:
    """The alphabet: the frequent symbols, then the rare tail."""
    counts = corpus.counts.most_common()
    total, between = max(1, corpus.counts.total()), len(counts) - _FREQUENT - _RARE
    shown = counts if between < 2 else counts[:_FREQUENT] + counts[-_RARE:]
    rows = [
        f'<tr><td class="text">{_show(symbol)}</td><td class="n">{count:,}</td>'
        f'<td class="n">{count / total:.3%}</td>'
        f"<td>{' '.join(f'U+{ord(c):04X}' for c in symbol)}</td>"
        f"<td>{escape(name_symbol(symbol))}</td></tr>"
        for symbol, count in shown
    ]
    if between > 1:
        rows.insert(_FREQUENT, f'<tr><td colspan="5" class="soft">{between:,} more …</td></tr>')
    heads = '<th>symbol</th><th class="n">count</th><th class="n">frequency</th>'
    heads += "<th>code</th><th>name</th>"
    return f"<h2>Alphabet</h2>{pages.draw_table('Alphabet', heads, rows)}"


def _show(text: str) -> str:
    """A text in a cell, with what cannot be seen as its escape."""
    plain = text if text.isprintable() and text.strip() else repr(text)[1:-1] if text else ""
    return escape(plain if plain.strip() else repr(text))
