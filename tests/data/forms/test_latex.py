r"""LaTeX to prose."""

from burble.data.forms.form import Account
from burble.data.forms.latex import read_prose
from tests.support.documents import read_form


def prose_of(text):
    account = Account()
    return "".join(read_prose(text, account)), account


def test_commands_go_and_what_they_set_stays():
    text = (
        "\\documentclass{article}\\begin{document}\n\\section*{Title} \\label{a}\n"
        "One \\emph{two\\footnote{A \\textbf{note}.}} % why\nthree---four~``five''\\\\[2pt]six.\n\n"
        "\\begin{itemize}\\item seven \\item[No.] eight\\end{itemize} See \\ref{a}, 50\\,\\%.\n"
        "\\textcolor{red}{nine} \\href{http://x}{ten} \\verb|a_b|\n\\end{document} rest"
    )
    (prose,), account = read_form("latex", text.encode())
    assert prose == (
        "Title\n\nOne two three—four “five”\nsix.\nA note.\n\nseven\nNo. eight\n"
        "See , 50 %. nine ten a_b\n"
    )
    assert account.taken["footnote (after its paragraph)"] == 1
    assert account.left["preamble"] == account.left["comment"] == account.left["reference"] == 1


def test_accents_and_letters():
    assert prose_of(r"\section{\texorpdfstring{A}{B}} 1 \textless{} 2")[0] == "A\n\n1 < 2\n"
    text = r"caf\'e na\"{\i}ve \c{c}a \v Skoda \ss{} \oe uvre \'{E}t\'e"
    assert prose_of(text)[0] == "café naïve ça Škoda ß œuvre Été\n"


def test_formulas_tables_and_programs_are_left_out_and_counted():
    text = (
        r"A $x\$y$ b \(z\) c \[w\] d $$v$$ e \begin{align*} q \end{align*} f"
        r"\begin{tabular}{ll} 1 & 2 \end{tabular}\begin{verbatim} $ % { \end{verbatim} g"
        r"\newcommand{\x}[1]{#1} \def\y{z} \input{other} \includegraphics[width=1]{cat} end"
    )
    prose, account = prose_of(text)
    assert prose.split() == ["A", "b", "c", "d", "e", "f", "g", "end"]
    assert account.left["formula"] == 5
    assert account.left["table"] == account.left["block of code"] == account.left["picture"] == 1
    assert account.left["definition"] == 2
    assert account.left["file that it reads in"] == 1


def test_what_has_no_end_ends_with_the_text():
    assert prose_of(r"a $x")[0] == "a\n"
    assert prose_of(r"a \emph{x")[0] == "a x\n"
    assert prose_of(r"a \footnote{" + "{" * 5_000)[0].startswith("a")
