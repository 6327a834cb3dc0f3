"""What a request for completions asks for, field by field. Knows nothing of models.

A field that is null counts as absent. What is not supported is refused by its name, unless its
value is the one that changes nothing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from burble.errors import SettingsError
from burble.inference.settings import WritingSettings
from burble.settings import is_integer, is_number, require
from burble.web.errors import ApiError, translate

MOST_CHARACTERS = 20_000
"""New characters of a text."""
MOST_PROMPT = 200_000
"""Characters or ids of all prompts of a request."""
MOST_TEXTS = 256
"""Texts of a request: its prompts times n."""
MOST_WRITTEN = 200_000
"""New characters of all texts of a request."""
MOST_TOLD = 500_000
"""Log-probabilities in an answer."""
MOST_STOPS = 16
LONGEST_STOP = 200
OWN = ("top_k", "min_p", "memory", "words", "novel", "label")
MORE = ("unknown", "until_document", "break_loops")
SETTINGS = ("temperature", "top_p", "seed", *OWN, *MORE)
"""Fields that are settings of writing by the same name."""
ABSENT = ("seed", "top_k")
"""Of these -1 counts as absent, as other servers have it."""
FIELDS = (
    *("model", "mix", "prompt", "max_tokens", "n", "best_of", "stop", "stream", "stream_options"),
    *("echo", "logprobs", "user", *SETTINGS),
)
NEUTRAL: Mapping[str, Sequence[Any]] = {
    "suffix": ("",),
    "logit_bias": ({}, []),
    **dict.fromkeys(("presence_penalty", "frequency_penalty", "no_repeat_ngram_size"), (0,)),
    **dict.fromkeys(("repetition_penalty", "repeat_penalty", "guidance_scale"), (1,)),
    **dict.fromkeys(("encoder_repetition_penalty", "length_penalty", "num_beams"), (1,)),
    **dict.fromkeys(("typical_p", "typical", "tfs", "tfs_z"), (0, 1)),
    **dict.fromkeys(("top_a", "mirostat", "mirostat_mode", "dynatemp_range", "skew"), (0,)),
    **dict.fromkeys(("xtc_probability", "dry_multiplier", "smoothing_factor"), (0,)),
    **dict.fromkeys(("penalty_alpha", "min_tokens", "min_length"), (0,)),
    **dict.fromkeys(("ignore_eos", "ban_eos_token", "dynamic_temperature"), (False,)),
    **dict.fromkeys(("use_beam_search", "early_stopping"), (False,)),
    **dict.fromkeys(("do_sample", "add_bos_token", "skip_special_tokens"), (True,)),
    **dict.fromkeys(("grammar", "grammar_string", "negative_prompt"), ("",)),
}
"""Fields that other servers know, and the values at which they change nothing."""
IDLE = (
    *("mirostat_tau", "mirostat_eta", "xtc_threshold", "dynatemp_exponent", "smoothing_curve"),
    *("dry_base", "dry_allowed_length", "dry_sequence_breakers", "dry_penalty_last_n"),
    *("repetition_penalty_range", "repeat_last_n", "max_context_length", "truncation_length"),
)
"""Fields that only say more of what is off, or of a context that has no end here."""
HALF = re.compile("[\ud800-\udfff]")
Ids = tuple[int, ...]


@dataclass(frozen=True)
class Completions:
    """What a request for completions asks for.

    Attributes:
        prompts: What to go on from: texts, or ids of symbols.
        model: The name of a model; None for the first.
        mix: Weights of several models.
        options: Fields of `WritingSettings`.
        count: How many texts from each prompt.
        logprobs: How many of the likeliest symbols are told at each place; -1 for all, None where
            nothing is told.
        echo: Whether the prompt comes back before each text.
        stream: Whether pieces are sent as they are written.
        include_usage: Whether a stream ends with how much was read and written.
    """

    prompts: Sequence[str | Ids] = ("",)
    model: str | None = None
    mix: Sequence[float] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    logprobs: int | None = None
    echo: bool = False
    stream: bool = False
    include_usage: bool = False


def parse_completions(given: Mapping[str, Any]) -> Completions:
    """What the fields of a request ask for.

    Args:
        given: The fields, none of them null.

    Raises:
        ApiError: A field that is not supported, or has a value that it cannot have (400).
    """
    try:
        _check_names(given)
        count = _take_integer(given, "n", 1, 1, MOST_TEXTS)
        best = given.get("best_of", count)
        require(_is_same(best, count), "best_of", best, f"as many as n, which is {count}")
        prompts = parse_prompts(given.get("prompt", ""))
        texts = len(prompts) * count
        expected = f"such that there are at most {MOST_TEXTS} texts: n from each prompt"
        require(texts <= MOST_TEXTS, "n", count, expected)
        options = _take_options(given)
        length = options["length"]
        expected = f"such that all {texts} texts together have at most {MOST_WRITTEN:,} characters"
        require(length * texts <= MOST_WRITTEN, "max_tokens", length, expected)
        return Completions(
            prompts=prompts,
            model=take_text(given, "model"),
            mix=_take_mix(given),
            options=options,
            count=count,
            logprobs=_take_logprobs(given),
            echo=take_flag(given, "echo"),
            stream=take_flag(given, "stream"),
            include_usage=_take_include_usage(given),
        )
    except SettingsError as error:
        raise translate(error) from None


def _check_names(given: Mapping[str, Any]) -> None:
    """Refuses what would be dropped.

    Raises:
        ApiError: A field that is not known, or not supported.
    """
    for name, value in given.items():
        check_text("a field's name", name)
        if name in (*FIELDS, *IDLE) or any(_is_same(value, one) for one in NEUTRAL.get(name, ())):
            continue
        if name == "do_sample" and _is_same(given.get("temperature"), 0):
            continue
        known = ", ".join(FIELDS)
        instead = f"Leave it out. What is supported: {known}."
        if name in NEUTRAL:
            instead = f"Leave it out, or give {NEUTRAL[name][-1]!r}, which changes nothing."
        raise ApiError(
            400, f"{name[:60]} is not supported. {instead}", param=name[:60], code="unsupported"
        )
    take_text(given, "user")


def _is_same(value: object, other: object) -> bool:
    """Whether two values of JSON are the same; 1 and 1.0 are, 1 and true are not."""
    return isinstance(value, bool) == isinstance(other, bool) and value == other


def parse_prompts(given: Any) -> tuple[str | Ids, ...]:
    """One prompt or several, each a text or ids.

    Raises:
        SettingsError: It is neither, or too much.
    """
    expected = "a text, a list of texts, a list of ids, or a list of lists of ids"
    prompts: tuple[str | Ids, ...]
    if isinstance(given, str):
        prompts = (given,)
    elif are_ids(given) and given:
        prompts = (tuple(given),)
    elif isinstance(given, list) and given and all(isinstance(one, str) for one in given):
        prompts = tuple(given)
    elif isinstance(given, list) and given and all(are_ids(one) for one in given):
        prompts = tuple(map(tuple, given))
    else:
        raise SettingsError(f"prompt is {shorten(given)}, but must be {expected}.")
    for prompt in prompts:
        check_text("prompt", prompt)
    size = sum(map(len, prompts))
    if size > MOST_PROMPT:
        raise SettingsError(
            f"prompt is {size:,} characters or ids long, but must be of at most {MOST_PROMPT:,}."
        )
    require(len(prompts) <= MOST_TEXTS, "prompt", len(prompts), f"at most {MOST_TEXTS} prompts")
    return prompts


def are_ids(given: Any) -> TypeGuard[list[int]]:
    """Whether it is a list of ids."""
    return isinstance(given, list) and all(is_integer(one) and one >= 0 for one in given)


def _take_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of writing; what they cannot be is known once they are made."""
    options = {name: given[name] for name in SETTINGS if name in given}
    for name in [name for name in ABSENT if _is_same(options.get(name), -1)]:
        del options[name]
    require(
        is_number(options.get("memory", 0)), "memory", options.get("memory"), "a weight, 0 to 1"
    )
    require(
        isinstance(options.get("words", ""), str), "words", options.get("words"), "any or known"
    )
    label = options.get("label", "")
    parts = [*label.items()] if isinstance(label, dict) else [label]
    fits = all(isinstance(one, str) for part in parts for one in _list(part))
    require(fits, "label", label, 'COLUMN=VALUE, several of them, or {"COLUMN": "VALUE"}')
    options["length"] = _take_integer(
        given, "max_tokens", WritingSettings.length or 0, 0, MOST_CHARACTERS
    )
    stops = given.get("stop", [])
    stops = [stops] if isinstance(stops, str) else stops
    fits = isinstance(stops, list) and len(stops) <= MOST_STOPS
    fits = fits and all(isinstance(one, str) and 0 < len(one) <= LONGEST_STOP for one in stops)
    for stop in stops if fits else ():
        check_text("stop", stop)
    expected = f"a text, or up to {MOST_STOPS}, of 1 to {LONGEST_STOP} characters"
    require(fits, "stop", given.get("stop"), expected)
    options["stop"] = tuple(stops)
    # Raises what is said of a setting that cannot be.
    WritingSettings(**options)
    return options


def _list(value: Any) -> list[Any]:
    """Several values, or one as several."""
    return [*value] if isinstance(value, list | tuple) else [value]


def _take_logprobs(given: Mapping[str, Any]) -> int | None:
    """How many of the likeliest symbols are told."""
    wanted = given.get("logprobs")
    fits = wanted is None or (is_integer(wanted) and wanted >= -1)
    require(fits, "logprobs", wanted, "a whole number of 0 or more, or -1 for the whole alphabet")
    return None if wanted is None else int(wanted)


def _take_mix(given: Mapping[str, Any]) -> list[float] | None:
    """The weights of several models."""
    mix = given.get("mix")
    fits = mix is None or (isinstance(mix, list) and all(is_number(one) for one in mix))
    require(fits, "mix", mix, "a list of weights, such as [0.7, 0.3]")
    return None if mix is None else [*map(float, mix)]


def _take_include_usage(given: Mapping[str, Any]) -> bool:
    """Whether a stream tells at its end how much was read and written, as a whole answer does."""
    options = given.get("stream_options", {})
    fits = isinstance(options, dict) and options.keys() <= {"include_usage"}
    require(fits, "stream_options", options, '{"include_usage": true}, or false')
    held = {name: value for name, value in options.items() if value is not None}
    return take_flag(held, "include_usage")


def take_flag(given: Mapping[str, Any], name: str) -> bool:
    """A field that is true or false, and false where it is absent."""
    value = given.get(name, False)
    require(isinstance(value, bool), name, value, "true or false")
    return bool(value)


def _take_integer(given: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    """A whole number within bounds."""
    value = given.get(name, default)
    fits = is_integer(value) and least <= value <= most
    require(fits, name, value, f"a whole number from {least} to {most:,}")
    return int(value)


def take_text(given: Mapping[str, Any], name: str) -> str | None:
    """A field that is a text."""
    value = given.get(name)
    require(value is None or isinstance(value, str), name, value, "a text")
    check_text(name, value)
    return value


def check_text(name: str, value: object) -> None:
    """Refuses halves of characters, which JSON can hold and which are no text."""
    if isinstance(value, str) and (found := HALF.search(value)):
        raise SettingsError(f"{name} is no text: it has half a character, U+{ord(found[0]):04X}.")


def shorten(value: Any) -> str:
    """A value as it is shown in a sentence."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"
