"""What a report makes of a text of which there is little to say."""

from burble.evaluation import report as evaluation_report
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.ngram.training_text import TrainingText
from tests.support.speakers import chancy


def test_a_validation_part_that_is_blank_has_a_score_and_nothing_beside_it():
    writer = Generator(chancy())
    ids = writer.model.vocabulary.encode("abc\n" * 20 + "\n" * 10)
    report = evaluation_report.build_report(
        writer, TrainingText(ids, 80, writer.model.vocabulary, ""), WritingSettings(seed=0)
    )
    assert report.static.characters == 10
    assert (report.validation, report.samples) == (None, None)
    assert (report.samples_overlap, report.validation_overlap) == (None, None)
