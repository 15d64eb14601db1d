"""joint: a person's answers make an answer surer, and never calmer."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.analysis import CLASSES, Analysis, Quality, Refusal, Risk
from inference.pipeline.answers import COLUMNS, Joint
from inference.pipeline.joint import AnswersError, Joiner, read_answers
from inference.pipeline.risk import SYMPTOMS
from inference.registry.file import RegistryFile
from inference.registry.registry import Registry, RegistryError
from inference.registry.schema import JointEntry
from tests.inference.releases import served


def with_joint(folder: Path, joint: Joint) -> Joiner:
    (folder / "answers-0.0.1.safetensors").write_bytes(joint.content())
    entry = JointEntry(
        name="answers", version="0.0.1", metrics={}, data="none", licence="none",
        served=served(folder / "answers-0.0.1.safetensors"), classifier="fixcaps-0.0.1",
    )  # fmt: skip
    RegistryFile.load(folder).with_joint(entry).save(folder)
    return Joiner(Registry.load(folder))


def model(**evidence: float) -> Joint:
    """Evidence for classes of a yes to itching."""
    weight = np.zeros((len(CLASSES), len(COLUMNS)), np.float32)
    for name, value in evidence.items():
        weight[CLASSES.index(name), COLUMNS.index("itch=True")] = value
    return Joint(np.ones(1, np.float32), weight, np.zeros(len(CLASSES), np.float32))


def analysis(risk: Risk = Risk.LOW, **shares: float) -> Analysis:
    found: dict[str, float] = dict.fromkeys(CLASSES, 0.0) | shares
    label = max(found, key=found.__getitem__)
    return Analysis(label, found, None, Quality(300, 300, 0.5, 0.7), None, risk, "phone")


def test_answers_raise_the_risk(own_weights: Path) -> None:
    joined = with_joint(own_weights, model(bcc=4)).joined(analysis(nv=0.7, bcc=0.3), {"itch": True})
    assert joined.label == "bcc" and joined.risk is Risk.HIGH
    assert sum(joined.probabilities.values()) == pytest.approx(1)


def test_answers_never_lower_the_risk(own_weights: Path) -> None:
    joined = with_joint(own_weights, model(nv=9)).joined(analysis(Risk.HIGH, mel=0.6, nv=0.4), {"itch": "True"})
    assert joined.label == "nv" and joined.risk is Risk.HIGH


@pytest.mark.parametrize("question", SYMPTOMS)
def test_a_yes_to_a_symptom_is_at_least_raised(own_weights: Path, question: str) -> None:
    joiner = with_joint(own_weights, model())
    assert joiner.joined(analysis(nv=1.0), {question: True}).risk is Risk.RAISED
    assert joiner.joined(analysis(nv=1.0), {question: "False"}).risk is Risk.LOW


def test_a_refused_photo_stays_refused(own_weights: Path) -> None:
    refused = Analysis(None, {}, None, Quality(9, 9, 0, 0), Refusal.TOO_SMALL, None)
    assert with_joint(own_weights, model()).joined(refused, {"bleed": True}) is refused


def test_a_registry_without_it_says_so(own_weights: Path) -> None:
    with pytest.raises(RegistryError, match="joins answers"):
        Joiner(Registry.load(own_weights))


def test_weights_of_other_questions_are_refused(own_weights: Path) -> None:
    other = Joint(np.ones(1, np.float32), np.zeros((2, 2), np.float32), np.zeros(2, np.float32))
    with pytest.raises(RegistryError, match="other questions"):
        with_joint(own_weights, other)


@pytest.mark.parametrize("content", ["[]", '{"a.jpg": 3}', "no"])
def test_another_form_of_answers_is_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "answers.json").write_text(content)
    with pytest.raises(AnswersError):
        read_answers(tmp_path / "answers.json")


def test_answers_are_read_by_file_name(tmp_path: Path) -> None:
    (tmp_path / "answers.json").write_text('{"a.jpg": {"itch": true, "age": 61}}')
    assert read_answers(tmp_path / "answers.json") == {"a.jpg": {"itch": True, "age": 61}}
