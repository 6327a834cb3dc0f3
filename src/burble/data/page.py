"""What a text looks like, as a page in HTML that needs nothing else. Knows no terminal.

All that comes from the text is escaped. Colours follow the reader's light or dark mode, and print.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from burble import __version__
from burble.data.corpus import Corpus
from burble.data.overview import Histogram, Line, Overview, describe_shares
from burble.data.report import name_symbol, summarize

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #667085; --line: #d8dde6; --bar: #4c78a8;
  --back: #fff; --box: #f6f7f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #343b47;
  --bar: #7aa6d6; --back: #14181f; --box: #1c222b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; font: 16px/1.5 system-ui,
  sans-serif; color: var(--ink); background: var(--back); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p, ul { margin: .4rem 0; } ul { padding-left: 1.2rem; }
.soft { color: var(--soft); font-size: .9rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0; }
.facts div { background: var(--box); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; }
.facts b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
svg { width: 100%; min-width: 30rem; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--box); margin: .5rem 0;
  border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem;
  font: .9rem/1.45 ui-monospace, monospace; }
td.text { font-family: ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
td.place { width: 34%; }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --bar: #555; --back: #fff;
  --box: #fff; } body { max-width: none; padding: 0; } h2, .keep, tr, pre { break-inside: avoid; }
  h2 { break-after: avoid; } }
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
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>{''.join(filter(None, parts))}</body></html>\n"
    )


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
    boxes = (f"<div><b>{n:,}</b>{escape(name)}</div>" for name, n in facts.items())
    return f'<div class="facts">{"".join(boxes)}</div>'


def _draw_list(title: str, sentences: Sequence[str]) -> str:
    """Sentences below a heading."""
    if not sentences:
        return ""
    items = "".join(f'<li dir="auto">{escape(one)}</li>' for one in sentences)
    return f"<h2>{escape(title)}</h2><ul>{items}</ul>"


def _draw_histogram(title: str, found: Histogram, unit: str) -> str:
    """A histogram as a picture, with what it shows in words."""
    words = (
        f"{found.total:,} from {found.shortest:,} to {found.longest:,} characters, "
        f"median {found.median:,}"
    )
    return (
        f'<section class="keep"><h2>{escape(title)}</h2><p class="soft">{words}</p>'
        f'<div class="scroll"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
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


def _draw_table(heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table of rows that are there already."""
    cells = f"<tr>{''.join(heads)}</tr>{''.join(rows)}"
    return f'<div class="scroll"><table>{cells}</table></div>'


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
    return f"<h2>{escape(title)}</h2>{_draw_table(['<th>where</th><th>what</th>'], rows)}"


def _draw_private(corpus: Corpus) -> str:
    """How much private data was found, and where; never what it is."""
    if not corpus.encoded.private:
        return ""
    rows = (
        f"<tr><td>{escape(kind)}{' (masked)' if found['masked'] else ''}</td>"
        f'<td class="n">{found["count"]:,}</td><td>{escape("; ".join(found["places"]))}</td></tr>'
        for kind, found in corpus.encoded.private.items()
    )
    heads = ['<th>kind</th><th class="n">count</th><th>first in</th>']
    return f"<h2>Private data</h2>{_draw_table(heads, rows)}"


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
    heads = (
        '<th>symbol</th><th class="n">count</th><th class="n">share</th><th>code</th><th>name</th>'
    )
    return f"<h2>Alphabet</h2>{_draw_table([heads], rows)}"


def _show(text: str) -> str:
    """A text in a cell, with what cannot be seen as its escape."""
    plain = text if text.isprintable() and text.strip() else repr(text)[1:-1] if text else ""
    return escape(plain if plain.strip() else repr(text))
