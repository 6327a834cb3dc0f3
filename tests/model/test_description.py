from dataclasses import replace

from burble.data.units import BYTES
from burble.model.description import describe_model
from tests.support.speakers import apart, chancy, wordy

SCORES = {"held_out_loss": 3.0, "held_out_scored": 40, "zero_state_loss": 3.5, "largest_state": 0.5}
CORPUS = {"held_out": 40, "held_out_characters": 80}


def scores(model, **summary):
    return dict(describe_model(replace(model, summary=summary)))["scores"]


def test_documents_that_were_learned_apart_are_called_so():
    model = chancy(boundary=True)
    plain, own = (dict(describe_model(one))["documents"] for one in (model, apart(model)))
    assert plain == "yes, each with an end"
    assert own == f"{plain}, and each read from a zero state"


def test_losses_of_words_and_bytes_say_of_what_they_are():
    rest = "loss from zero hidden states 3.5"
    told = scores(wordy(), scores=SCORES, corpus=CORPUS)
    assert told.startswith(
        "validation loss 3 per symbol (1.5 per character), validation scored 40 symbols, "
    )
    assert told.endswith(f"{rest} per symbol, largest hidden state 0.5")
    told = scores(chancy(BYTES, unit="bytes"), scores=SCORES)
    assert told.startswith("validation loss 3 per byte, validation scored 40 bytes, ")
    told = scores(chancy(), scores=SCORES, corpus=CORPUS)
    assert told == (
        "validation loss 3 nats per character, validation scored 40, "
        f"{rest} nats per character, largest hidden state 0.5"
    )
