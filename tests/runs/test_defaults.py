"""What is chosen where nothing was given."""

from burble.runs import defaults
from burble.settings import TextSettings
from tests.support.corpora import build_corpus


def text_of(symbols):
    return build_corpus(["ab" * (symbols // 2)], TextSettings(), validation=0.0)


def chosen(symbols, speed=defaults.TYPICAL_SPEED, **asked):
    return defaults.choose_settings(asked, text_of(symbols), speed=speed).model


def test_minutes_are_shared_by_networks_and_steps_are_not():
    assert chosen(130_000).ensemble == 4
    assert chosen(130_000, minutes=0.7).ensemble == 1
    assert chosen(130_000, minutes=0.9).ensemble == 2
    assert chosen(130_000, minutes=1).ensemble == 4
    assert chosen(130_000, minutes=60).ensemble == 4
    assert chosen(130_000, ensemble=3).ensemble == 3
    assert chosen(130_000, epochs=50).ensemble == 1
    assert chosen(130_000, minutes=60, framing="windows").ensemble == 1
    # Each needs time to learn: where one has half a minute, two would learn less.
    assert chosen(27_000, minutes=0.5).ensemble == 1
    assert chosen(27_000, minutes=5).ensemble == 4
    assert chosen(27_000, defaults.round_speed(10_000_000), minutes=0.5).ensemble == 4
    # So does a large one, which has a third of a medium one's speed.
    text = text_of(130_000)
    large = [
        defaults.choose_settings({"minutes": minutes}, text, "large").model.ensemble
        for minutes in (1, 2, 5)
    ]
    assert large == [1, 2, 4]
    # Words need more of them than characters.
    words = build_corpus(["ab " * 65_000], TextSettings(unit="word"), validation=0.0)
    networks = [
        defaults.choose_settings({"minutes": minutes}, words).model.ensemble for minutes in (2, 5)
    ]
    assert networks == [1, 4]
    # A hundred epochs are those of each.
    assert chosen(4_000).ensemble == 4
    assert chosen(4_000).dropout == 0.45


def test_what_is_chosen_suits_the_speed_and_no_small_change_of_it():
    # Alice in Wonderland for five minutes.
    usual = chosen(130_000)
    assert (usual.ensemble, usual.dropout, usual.dropout_recurrent) == (4, 0.25, 0.17)
    for speed in (1_000_000, 1_400_000, 2_000_000, 4_000_000):
        assert chosen(130_000, defaults.round_speed(speed)) == usual
    slow = chosen(130_000, defaults.round_speed(60_000))
    assert (slow.ensemble, slow.dropout) == (1, 0.0)
    fast = chosen(130_000, defaults.round_speed(18_000_000))
    assert (fast.ensemble, fast.dropout) == (4, 0.45)
    assert chosen(130_000, defaults.round_speed(1.0), minutes=1).dropout == 0
    # Where nothing is measured, no speed is looked at.
    assert chosen(130_000, 1.0, steps=900) == chosen(130_000, steps=900)


def test_how_often_the_text_is_read_is_told():
    text = text_of(130_000)
    settings = defaults.choose_settings({"ensemble": 2, "steps": 1_500}, text)
    said = defaults.describe_choice(settings, text, 12.3)
    assert said.startswith(
        "Ensemble of 2 networks, each LSTM of 2 layers of 256 units (size medium,"
    )
    assert "will be read about 12 times" in said
    assert "will be read about 2.3 times" in defaults.describe_choice(settings, text, 2.3)
    assert "will be read about 0.1 times" in defaults.describe_choice(settings, text, 0.1)


def test_dropout_grows_with_how_often_each_network_reads_the_text():
    model = chosen(130_000, epochs=20)
    assert model.dropout == model.dropout_output == 0.25
    assert (model.dropout_input, model.dropout_recurrent) == (0.12, 0.17)
    assert chosen(130_000, epochs=2).dropout_recurrent == 0
    # A long text is not learned by heart so soon.
    longer = [chosen(1_040_000, epochs=epochs).dropout for epochs in (4, 7, 20)]
    assert longer == [0.0, 0.05, 0.17]


def test_a_step_of_several_networks_of_medium_size_has_half_as_many_streams():
    def streams(symbols, size="auto", **asked):
        text = text_of(symbols)
        return defaults.choose_settings(asked, text, size).training.batch

    assert streams(130_000) == streams(130_000, ensemble=2, steps=900) == 8
    assert streams(130_000, length=32) == 16
    assert streams(130_000, batch=12) == 12
    # One alone shares its streams with all cores.
    assert streams(130_000, ensemble=1) == streams(130_000, minutes=0.5) == 16
    assert streams(130_000, size="large") == streams(30_000) == 16
    assert streams(130_000, framing="windows") == 16
