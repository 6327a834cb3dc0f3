"""The text that a model of markovify holds: its sentences, or sentences with its counts.

A Markov chain of words is no network, but what it was made of can be learned from. Knows nothing of
networks.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from burble.errors import ModelFileError
from burble.exchange.imports import Imported
from burble.exchange.options import ImportRequest
from burble.formatting import shown, some

BEGIN, END = "___BEGIN__", "___END__"
MOST_BYTES = 256 << 20
MOST_WORDS = 5_000_000
"""Words of sentences that are put together of counts."""
MOST_TIMES = 100
"""What counts are multiplied by at most to make them whole, where chains were combined."""
TAG = re.compile(r"(.+)::[A-Z$.,:_]+")
"""A word with its part of speech, as in the example of markovify's own page."""
Sentences = Sequence[Sequence[str]]
State = tuple[str, ...]
Chain = dict[State, dict[str, float]]
Edges = dict[State, list[tuple[str, int]]]
"""What follows each state, and how often it is still to come."""


def read(path: Path, options: ImportRequest, log: Callable[[str], object]) -> Imported:
    """Reads a model as a text, one sentence a line.

    Args:
        path: The file of JSON, as `to_json` writes it, of a text or of its chain alone.
        options: None are taken.
        log: Takes sentences about what was found.

    Raises:
        ModelFileError: It is no such file, or holds nothing.
    """
    del options
    found = _read_json(path)
    known = found if isinstance(found, dict) else {"chain": found}
    chain, sentences = known.get("chain"), known.get("parsed_sentences")
    if sentences is not None:
        _check_sentences(sentences, path)
        told = _describe_sentences(sentences, chain)
    else:
        counts = _read_chain(chain, path)
        sentences = _join_counts(counts, path)
        size = len(next(iter(counts)))
        told = (
            f"It holds no sentences, but how often each word follows {some(size, 'word')}. Put "
            f"together again are {some(len(sentences), 'sentence')} with exactly these counts, "
            "which are not those of its text. Where you have that text, train on it."
        )
    if not any(sentences):
        raise ModelFileError(f"{shown(path)} holds no sentence. Train on the text itself.")
    log(told)
    return Imported(_join_words(sentences, log), "markovify")


def _read_json(path: Path) -> Any:
    """What a file holds; JSON in a string of JSON is unpacked, which is a common way to save it."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelFileError(f"{shown(path)} has {size:,} bytes, and {MOST_BYTES:,} can be.")
        found = json.loads(path.read_text("utf-8-sig"))
        return json.loads(found) if isinstance(found, str) else found
    except OSError as error:
        raise ModelFileError(f"cannot read {shown(path)}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise _unlike(path, f"it is no JSON ({_explain(error)})") from error


def _explain(error: Exception) -> str:
    """What is wrong with a file; Python's own words for too many brackets say nothing of it."""
    return "brackets within too many others" if isinstance(error, RecursionError) else str(error)


def _unlike(path: Path, why: str) -> ModelFileError:
    """The error for a file that markovify would not write."""
    return ModelFileError(
        f"{shown(path)} is not as markovify writes it: {why}. Copy it again, or train on the text "
        "that it was made of."
    )


def _check_sentences(sentences: Any, path: Path) -> None:
    """Refuses what is no list of lists of words that can be written."""
    whole = isinstance(sentences, list) and all(isinstance(one, list) for one in sentences)
    if not whole or not all(isinstance(word, str) for one in sentences for word in one):
        raise _unlike(path, "its parsed_sentences are no lists of words")
    try:
        for one in sentences:
            "".join(one).encode()
    except UnicodeEncodeError as error:
        raise _unlike(path, f"a word cannot be written ({error.reason})") from error


def _describe_sentences(sentences: Sentences, chain: Any) -> str:
    """How many sentences there are, and what of the model is not in them."""
    told = f"It holds {some(len(sentences), 'sentence')}."
    if (counted := _count_beginnings(chain)) not in (None, len(sentences)):
        told += f" Its chain counts {counted:,}: weights it was combined with are left out."
    return (
        f"{told} Sentences with quotation marks or brackets are not in them unless markovify was "
        "told to keep them (well_formed=False). Where you have the text, train on it."
    )


def _count_beginnings(chain: Any) -> float | None:
    """How many sentences a chain counts, by its first state; None where that cannot be told."""
    if not isinstance(chain, str):
        return None
    try:
        # The first alone: the chain is several times as long as its text.
        (state, follow), _ = json.JSONDecoder().raw_decode(chain, 1)
        counts = _read_follow(follow)
        total = sum(counts.values()) if set(state) == {BEGIN} else None
    except (ValueError, TypeError, RecursionError):
        return None
    return int(total) if total is not None and total == int(total) else total


def _read_chain(chain: Any, path: Path) -> Chain:
    """How often each word follows each state.

    Raises:
        ModelFileError: It is no chain.
    """
    try:
        listed = json.loads(chain) if isinstance(chain, str) else chain
        found = {tuple(state): _read_follow(follow) for state, follow in listed}
        sizes = {len(state) for state in found}
        texts = all(isinstance(word, str) for state in found for word in state)
        if len(sizes) != 1 or not texts or (BEGIN,) * min(sizes) not in found or 0 in sizes:
            raise ValueError("its states are not words")
        "".join(word for follow in found.values() for word in follow).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise _unlike(path, f"its chain is none ({_explain(error)})") from error
    return found


def _read_follow(follow: Any) -> dict[str, float]:
    """How often each word comes; of a compiled chain, from words and running totals."""
    if isinstance(follow, list):
        words, totals = follow
        counts = [b - a for a, b in zip([0, *totals], totals, strict=False)]
        follow = dict(zip(words, counts, strict=True))
    if not all(isinstance(word, str) and word for word in follow):
        raise ValueError("its words are no texts")
    if not all(0 < count < math.inf for count in follow.values()):
        raise ValueError("its counts are no counts")
    return dict(follow)


def _join_counts(chain: Chain, path: Path) -> Sentences:
    """Sentences with the very counts of a chain.

    The words are edges from state to state, as often as they were counted, and the end of a
    sentence leads back to its beginning: a way that takes each edge once is a text.

    Source: Hierholzer, Ueber die Möglichkeit, einen Linienzug ohne Wiederholung und ohne
    Unterbrechung zu umfahren, 1873.
    """
    times = next((n for n in range(1, MOST_TIMES + 1) if _are_whole(chain, n)), 0)
    left: Edges = {
        state: [(word, round(count * times)) for word, count in follow.items()]
        for state, follow in chain.items()
    }
    total = sum(count for follow in left.values() for _, count in follow)
    if not times or total > MOST_WORDS:
        raise ModelFileError(
            f"the counts of {shown(path)} make up no sentences: chains were combined with weights "
            f"that are no ratio of small numbers, or count more than {MOST_WORDS:,} words. Train "
            "on the text itself."
        )
    start = (BEGIN,) * len(next(iter(chain)))
    _check_balance(left, start, path)
    way: list[tuple[State, str]] = [(start, END)]
    words: list[str] = []
    while way:
        state, word = way[-1]
        follow = left.get(state)
        if not follow:
            words.append(word)
            way.pop()
            continue
        following, count = follow.pop()
        if count > 1:
            follow.append((following, count - 1))
        way.append((_advance(state, following, start), following))
    if len(words) != total + 1:
        raise _unlike(path, "parts of its chain cannot be reached")
    return [*_split_sentences(reversed(words[:-1]))]


def _are_whole(chain: Chain, times: int) -> bool:
    """Whether all counts, so many times, are whole numbers."""
    counts = {count * times for follow in chain.values() for count in follow.values()}
    return all(abs(count - round(count)) < 1e-6 for count in counts)


def _advance(state: State, word: str, start: State) -> State:
    """The state after a word."""
    return start if word == END else (*state[1:], word)


def _check_balance(left: Edges, start: State, path: Path) -> None:
    """Refuses counts in which a state is entered more or less often than left."""
    balance: Counter[State] = Counter()
    for state, follow in left.items():
        for word, count in follow:
            balance[state] -= count
            balance[_advance(state, word, start)] += count
    if any(balance.values()):
        raise _unlike(path, "its counts make up no whole sentences")


def _split_sentences(words: Iterable[str]) -> Iterator[list[str]]:
    """Sentences, each up to its end."""
    sentence: list[str] = []
    for word in words:
        if word == END:
            yield sentence
            sentence = []
        else:
            sentence.append(word)


def _join_words(sentences: Sentences, log: Callable[[str], object]) -> str:
    """The text, one sentence a line.

    Words are parted by blanks, unless they hold blanks themselves: they were cut otherwise then.
    """
    words = {word for one in sentences for word in one}
    tagged = {word: match for word in words if (match := TAG.fullmatch(word))}
    if tagged and len(tagged) == len(words):
        log("Each word has its part of speech behind two colons, which is left out.")
        sentences = [[tagged[word][1] for word in one] for one in sentences]
    blank = "" if any(word != word.strip() or not word for word in words) else " "
    return "".join(f"{blank.join(one)}\n" for one in sentences)
