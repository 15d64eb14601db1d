"""A surer answer: joins the photo's probabilities with a person's answers. This never lowers the risk."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from inference.analysis import Analysis, Domain, Risk
from inference.pipeline.answers import Joint
from inference.pipeline.risk import SYMPTOMS, risk_of
from inference.registry.registry import Registry, RegistryError, Release
from inference.registry.schema import JointEntry

Answers = Mapping[str, object]


class AnswersError(Exception):
    """A file of answers cannot be read; the message says why."""


class Joiner:
    """The released joint model.

    Raises:
        RegistryError: the registry has none, or its file is not the released one.
    """

    def __init__(self, registry: Registry) -> None:
        if registry.joint is None:
            raise RegistryError("the registry has no model that joins answers")
        self._joint = _read(registry.joint)
        self._domains = registry.classifier.entry.domains

    def joined(self, analysis: Analysis, answers: Answers) -> Analysis:
        """An analysis after a person's answers; unchanged if it has no class."""
        if analysis.label is None or analysis.risk is None or analysis.domain is None:
            return analysis
        probabilities, risk = self.join(analysis.probabilities, analysis.domain, answers)
        label = max(probabilities, key=probabilities.__getitem__)
        return replace(analysis, label=label, probabilities=probabilities, risk=risk.at_least(analysis.risk))

    def join(
        self, probabilities: Mapping[str, float], domain: Domain, answers: Answers
    ) -> tuple[dict[str, float], Risk]:
        """A photo's probabilities after a person's answers, and the risk, for which reported symptoms count too."""
        joined = self._joint(probabilities, answers)
        risk = risk_of(joined, self._domains[domain])
        if any(str(answers.get(question, "")).strip().capitalize() == "True" for question in SYMPTOMS):
            risk = risk.at_least(Risk.RAISED)
        return joined, risk


def _read(release: Release[JointEntry]) -> Joint:
    weights = release.files[0]
    try:
        return Joint.read(weights.content())
    except ValueError as error:
        raise RegistryError(f"weights of {weights.title}: {weights.path}: {error}") from error


def read_answers(path: Path) -> dict[str, Answers]:
    """Answers by photo file name, from JSON: name -> {question: answer}; see `inference.pipeline.answers`.

    Raises:
        AnswersError: the file cannot be read or is of another form.
    """
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise AnswersError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise AnswersError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(value, dict) for value in found.values()):
        raise AnswersError(f"{path} must hold an object of photo file name -> object of answers")
    return found
