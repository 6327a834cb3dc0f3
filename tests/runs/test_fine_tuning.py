"""What is chosen for a training that starts from a base, by the amount of text."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.errors import SettingsError
from burble.runs import defaults, fine_tuning
from burble.runs.request import flags_to_repeat
from burble.settings import DROPOUTS, ModelSettings, TextSettings, make_settings
from tests.support.corpora import build_corpus

BASE = ModelSettings(layers=2, units=512, embedding=128)
SHAPE = {"layers": 2, "units": 512, "embedding": 128}


@cache
def text_of(symbols):
    return build_corpus(["ab" * (symbols // 2)], TextSettings(), validation=0.0)


def chosen(symbols, speed=defaults.TYPICAL_SPEED, **asked):
    return defaults.choose_settings(SHAPE | asked, text_of(symbols), speed=speed, base=BASE)


def learned(settings):
    training = settings.training
    return training.epochs, training.learning_rate, training.batch, training.evaluations


def test_a_text_from_two_kilobytes_to_a_megabyte_has_these_settings():
    assert learned(chosen(1_800)) == (6.0, 1e-3, 7, 4)
    assert learned(chosen(18_000)) == (8.0, 1e-3, 16, 11)
    assert learned(chosen(135_000)) == (8.0, 1e-3, 16, 15)
    assert learned(chosen(1_000_000)) == (5.0, 1e-3, 16, 15)
    averaged = [chosen(size).training.averaging for size in (1_800, 135_000, 1_000_000)]
    assert averaged == [0.5, 0.5, 0.1]
    settings = chosen(18_000)
    assert settings.training.minutes == 5
    assert settings.training.average_base
    assert [getattr(settings.model, name) for name in DROPOUTS] == [0, 0.1, 0, 0]
    assert (settings.model.units, settings.model.ensemble) == (512, 1)


def test_minutes_are_the_most_and_steps_or_epochs_all_that_counts():
    assert chosen(18_000, minutes=30).training.epochs == chosen(18_000).training.epochs
    assert chosen(18_000, minutes=30).training.minutes == 30
    ends = [chosen(18_000, **limit).training for limit in ({"steps": 90}, {"epochs": 40.0})]
    assert [(t.steps, t.epochs, t.minutes) for t in ends] == [(90, 0, 0), (0, 40, 0)]


@given(st.integers(1, 10**8), st.floats(1e4, 1e8))
def test_neither_the_machine_nor_a_symbol_more_changes_much(symbols, speed):
    passes = fine_tuning.choose_passes(symbols)
    assert abs(fine_tuning.choose_passes(symbols + symbols // 100) - passes) < 0.11
    assert min(fine_tuning.PASSES.values()) <= passes <= max(fine_tuning.PASSES.values())
    # Settings that would be other ones on another machine would have to be compiled once more.
    assert chosen(2_000, defaults.round_speed(speed)) == chosen(2_000)


def test_what_is_given_stays():
    asked = {"learning_rate": 0.005, "dropout": 0.3, "averaging": 0.3, "evaluations": 2}
    settings = chosen(18_000, **asked)
    for name, value in asked.items():
        assert value in (getattr(settings.training, name, None), getattr(settings.model, name, 0))
    # What is not averaged keeps nothing of the base.
    assert not chosen(18_000, averaging=0.0).training.average_base


def test_the_flags_that_repeat_it_hold_all_that_was_chosen_for_the_base():
    # A value that is the usual one elsewhere, too.
    settings = chosen(18_000, averaging=0.05, average_base=False, steps=9)
    flags = flags_to_repeat(settings, from_base=True)
    assert {"--averaging=0.05", "--no-average-base", "--learning-rate=0.001"} <= set(flags)
    assert "--averaging=0.05" not in flags_to_repeat(settings)


def test_a_share_of_the_base_is_told_and_is_of_no_use_without_one():
    text = text_of(18_000)
    settings = defaults.choose_settings(SHAPE, text, base=BASE)
    said = defaults.describe_choice(settings, text, 4.0)
    assert said.endswith("Of the base's weights 14% stay in the average that becomes the model.")
    much = defaults.choose_settings(SHAPE, text_of(1_000_000), base=BASE)
    assert defaults.describe_choice(much, text, 5.0).endswith(" of each.")
    with pytest.raises(SettingsError, match="average_base is True, but training begins from noth"):
        defaults.choose_settings({"average_base": True}, text)
    with pytest.raises(SettingsError, match="average_base is True, but must be False where aver"):
        make_settings({"average_base": True, "averaging": 0.0})
