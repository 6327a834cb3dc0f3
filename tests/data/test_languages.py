"""Languages are told apart by their letters."""

import pytest

from burble.data import languages

HUNGARIAN = "Este a gyerekek a tűz köré ültek, és a hősről szóló mesét kérték, meg őszi szőlőt. "


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (HUNGARIAN, "Hungarian"),
        ("Večer sedly děti k ohni a chtěly pohádku", "Czech"),
        ("Вечором діти сіли біля вогню й просили казку", "Ukrainian"),
        ("שלום רב", "Hebrew"),
    ],
)
def test_languages_are_told_apart(text, language):
    assert languages.identify(text)[1] == language


def test_a_capital_inside_a_word_costs_more_than_one_before_it():
    assert languages.identify("Wir sind da")[0] + 5 < languages.identify("wiR sinD da")[0]
