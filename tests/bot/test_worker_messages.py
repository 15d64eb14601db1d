"""What bot and workers send each other comes as it was, and outlines take little room."""

import numpy as np
import pytest

from bot.workers.messages import Answer, Question, packed, unpacked
from inference.analysis import Analysis, Lesion, Quality
from inference.drawing.words import DEFAULT_CAPTION
from inference.engine.engine import AnalysisFailed
from inference.engine.tasks import AnnotatedAnalysis


@pytest.mark.parametrize("shape", [(450, 600), (7, 5), (1, 1), (0, 3)])
def test_an_outline_comes_as_it_was_in_an_eighth_of_its_size(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).random(shape) < 0.5
    lesion = Lesion((1.0, 2.0, 3.0, 4.0), mask, 0.9)
    analysis = Analysis("nv", {"nv": 1.0}, lesion, Quality(600, 450, 0.5, 0.5), None, None, more_lesions=(lesion,))
    content = packed(Answer(7, AnnotatedAnalysis(analysis, b"a picture")))
    answer = unpacked(content)
    assert len(content) < mask.size / 8 + 1500
    assert (answer.number, answer.error, answer.result.annotated) == (7, None, b"a picture")
    for each in (answer.result.analysis.lesion, *answer.result.analysis.more_lesions):
        assert each.mask.dtype == np.bool_ and np.array_equal(each.mask, mask)
    assert answer.result.analysis.probabilities == {"nv": 1.0}


def test_questions_and_errors_come_as_they_were() -> None:
    question = Question(1, "answers-1", "read", None, b"a photo", DEFAULT_CAPTION)
    assert unpacked(packed(question)) == question
    error = unpacked(packed(Answer(2, error=AnalysisFailed("no memory")))).error
    assert isinstance(error, AnalysisFailed) and str(error) == "no memory"
