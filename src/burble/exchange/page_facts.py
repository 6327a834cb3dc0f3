"""What an exported page must know besides its model: the tables by which texts are written here.

They are read from where they are used, so that both write alike. Knows nothing of pages.
"""

from typing import Any

from burble.data.cleaning import ALIKE
from burble.data.quotes import LONGEST_ELISION, MARKS
from burble.data.sentences import ALWAYS_OPEN, ELISIONS, LONGEST_QUOTE, QUOTES
from burble.data.vocabulary import Vocabulary
from burble.data.words import LAYOUT
from burble.inference import suggestions
from burble.inference.loop_blocker import LONGEST_PERIOD, SHORTEST_LOOP
from burble.inference.quote_bias import FULL_BIAS, LARGEST_BIAS
from burble.inference.settings import ROUNDS, WritingSettings, fill_defaults
from burble.model.file import Model


def describe_writing(model: Model) -> dict[str, Any]:
    """The settings that suit a model: where it is warm, `rounds` is 0 where loops may come."""
    settings = WritingSettings(**fill_defaults({}, model.summary.get("writing")))
    rounds = (settings.rounds or ROUNDS) if settings.blocks_loops else 0
    return {
        "temperature": settings.temperature,
        "close_quotes": settings.close_quotes,
        "rounds": rounds,
    }


def describe_rules(vocabulary: Vocabulary) -> dict[str, Any]:
    """What characters are, and the figures of what is blocked or made likelier."""
    characters = sorted({char for symbol in vocabulary.symbols for char in symbol})
    return {
        "alike": {chr(one): chr(other) for one, other in ALIKE.items()},
        "alnum": "".join(filter(str.isalnum, characters)),
        "space": "".join(filter(str.isspace, characters)),
        "marks": "".join(sorted(MARKS)),
        "quotes": QUOTES,
        "always_open": ALWAYS_OPEN,
        "elisions": ELISIONS.pattern,
        "longest_quote": LONGEST_QUOTE,
        "longest_elision": LONGEST_ELISION,
        "full_bias": FULL_BIAS,
        "largest_bias": LARGEST_BIAS,
        "longest_period": LONGEST_PERIOD,
        "shortest_loop": SHORTEST_LOOP,
        "layout": LAYOUT,
    }


def describe_words(vocabulary: Vocabulary) -> dict[str, Any]:
    """How words are looked for; see `inference.suggestions`."""
    return {
        "kinds": "".join(map(str, suggestions.find_kinds(vocabulary).tolist())),
        "after": suggestions.AFTER.tolist(),
        "in_the_text": suggestions.IN_THE_TEXT,
        "ended": suggestions.ENDED,
        "width": suggestions.WIDTH,
        "longest": suggestions.LONGEST,
        "least": suggestions.LEAST,
        "look_back": suggestions.LOOK_BACK,
    }
