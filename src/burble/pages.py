"""A page in HTML that needs nothing else: its head, its style, and tables, boxes and lists in it.

Runs no script and loads nothing. Knows nothing of what a page is about; texts come in unescaped.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6472; --line: #d8dde6; --bar: #4c78a8;
  --back: #fff; --box: #f6f7f9; --copied: #f6e3a6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #343b47;
  --bar: #7aa6d6; --back: #14181f; --box: #1c222b; --copied: #5a4a12; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; font: 16px/1.5 system-ui,
  sans-serif; color: var(--ink); background: var(--back); }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; }
p, ul { margin: .4rem 0; overflow-wrap: anywhere; } ul { padding-left: 1.2rem; }
.soft { color: var(--soft); font-size: .9rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0; }
.facts div { background: var(--box); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem .8rem; }
.facts b { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg rect { fill: var(--bar); } svg line { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--box); margin: .5rem 0;
  border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .8rem;
  font: .9rem/1.45 ui-monospace, monospace; }
td.text { font-family: ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
mark { background: var(--copied); color: inherit; text-decoration: underline; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --bar: #555;
  --back: #fff; --box: #fff; --copied: #fff; } body { max-width: none; padding: 0; }
  h2, h3, .keep, tr { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; } }
"""


def write_page(title: str, parts: Iterable[str], style: str = "") -> str:
    """The page.

    Args:
        title: What it is called.
        parts: What stands in it, in HTML; empty ones are left out.
        style: Rules of its own, after those of every page.
    """
    whole = STYLE + style
    # The style is named by its fingerprint, so that no other one counts, wherever it stands.
    digest = base64.b64encode(hashlib.sha256(whole.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(title)}</title><style>{whole}</style></head>\n"
        f"<body><main>{''.join(filter(None, parts))}</main></body></html>\n"
    )


def draw_facts(facts: Mapping[str, str]) -> str:
    """The figures that matter most, each in a box with its name.

    >>> draw_facts({"steps": "9"})
    '<div class="facts"><div><b>9</b>steps</div></div>'
    """
    boxes = (f"<div><b>{escape(what)}</b>{escape(name)}</div>" for name, what in facts.items())
    return f'<div class="facts">{"".join(boxes)}</div>'


def draw_list(sentences: Sequence[str]) -> str:
    """Sentences, one below the other, each in its own direction; empty where there are none."""
    items = "".join(f'<li dir="auto">{escape(one)}</li>' for one in sentences)
    return f"<ul>{items}</ul>" if items else ""


def draw_table(name: str, heads: str, rows: Iterable[str]) -> str:
    """A table that can be moved sideways where it is too wide.

    Args:
        name: What it is, for whoever hears the page.
        heads: The cells of its first row, in HTML.
        rows: Its other rows, in HTML.
    """
    return (
        f'<div class="scroll" role="group" aria-label="{escape(name)}" tabindex="0"><table>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )
