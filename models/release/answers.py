"""Fits how a person's answers change the photo's probabilities, and measures the worth of each question.

The networks were trained on the photos of ``train`` and are surer there than on new photos. So the evidence of the
answers is fitted on ``train`` without the photos. The weights of photo and answers are fitted on ``val``, which no
network was trained on: two factors, and a bias for each class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

from inference.classes import CLASSES
from inference.pipeline.answers import COLUMNS, QUESTIONS, Joint, encode
from models.data.pictures import Photos
from models.evaluation.metrics import balanced_accuracy
from models.release.domains import Labels, evened, folds, suspicion

STRENGTH: Final = 0.3
"""Strength of the data against the prior, when the evidence of answers is fitted."""
RELATIVES: Final = ("bkl", "nv")
"""Classes without any answered photo (df, vasc) get the mean evidence of these classes."""
KNOWN: Final = tuple(name for name in CLASSES if name not in ("df", "vasc"))
ASKED: Final = (*QUESTIONS, "region", "age")

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Worth:
    """How good photo and answers are on ``val``, cross-fitted.

    Attributes:
        what: which answers were used.
        balanced_accuracy: of the six diagnoses.
        loss: mean negative log-likelihood.
        suspicious_auc: area under the ROC curve of malignant and pre-malignant against benign.
    """

    what: str
    balanced_accuracy: float
    loss: float
    suspicious_auc: float


def encoded(photos: Photos, without: str | None = None, only: str | None = None) -> Values:
    """N x len(COLUMNS) encoded answers of photos; optionally without one question, or with only one question."""
    rows = np.stack([encode(photo.facts) for photo in photos.photos])
    kept = [
        (only is None or name.startswith(f"{only}=")) and (without is None or not name.startswith(f"{without}="))
        for name in COLUMNS
    ]
    return np.asarray(rows * np.array(kept))


def evidence(answers: Values, labels: Labels) -> Values:
    """The evidence of answers: C x len(COLUMNS) weights of a multinomial logistic regression with balanced classes.

    Args:
        answers: N x len(COLUMNS).
        labels: N class indices.
    """
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(answers, labels)
    weight = np.zeros((len(CLASSES), len(COLUMNS)))
    weight[fitted.classes_] = fitted.coef_
    absent = [row for row in range(len(CLASSES)) if row not in fitted.classes_]
    weight[absent] = weight[[CLASSES.index(name) for name in RELATIVES]].mean(0)
    return weight


def fit_joint(probabilities: Values, answers: Values, labels: Labels, learnt: Values) -> Joint:
    """Fit the weights of photo and answers on ``val`` by maximum likelihood. The prior is that both count fully.

    Args:
        probabilities: N x C of the photos.
        answers: N x len(COLUMNS).
        labels: N class indices.
        learnt: C x len(COLUMNS), see ``evidence``.
    """
    photo = torch.from_numpy(np.log(np.clip(probabilities, 1e-9, 1)))
    said = torch.from_numpy(answers @ learnt.T)
    weight, wanted = torch.from_numpy(evened(labels, 0.75)), torch.from_numpy(labels)
    factors = torch.ones(2, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(len(CLASSES), dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS([factors, bias], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        scores = photo * factors[0] + said * factors[1] + bias
        loss = (F.cross_entropy(scores, wanted, reduction="none") * weight).mean()
        loss = loss + (bias.square().sum() + 4 * (factors - 1).square().sum()) / len(labels)
        loss.backward()
        return loss

    optimizer.step(closure)
    of_photo, of_answers = factors.tolist()
    return Joint(
        np.array([of_photo], np.float32),
        (learnt * of_answers).astype(np.float32),
        bias.detach().numpy().astype(np.float32),
    )


def cross_fitted(probabilities: Values, answers: Values, labels: Labels, groups: list[str], learnt: Values) -> Values:
    """N x C joint probabilities of ``val``. The factors for a photo are fitted on other patients."""
    found = np.empty_like(probabilities)
    for kept, left in folds(labels, groups):
        joint = fit_joint(probabilities[kept], answers[kept], labels[kept], learnt)
        found[left] = joint.joined(probabilities[left], answers[left])
    return found


def worth(train: Photos, val: Photos, probabilities: Values) -> list[Worth]:
    """How good the photo alone, all answers, all but one answer, and one answer alone are on ``val``."""
    groups = [photo.group for photo in val.photos]
    found = []
    trials: list[tuple[str, dict[str, str]]] = [("all answers", {})]
    trials += [(f"without {name}", {"without": name}) for name in ASKED]
    trials += [(f"{name} alone", {"only": name}) for name in ASKED]
    trials.insert(0, ("photo alone", {"only": "nothing"}))
    for what, chosen in trials:
        learnt = evidence(encoded(train, **chosen), train.labels)
        joint = cross_fitted(probabilities, encoded(val, **chosen), val.labels, groups, learnt)
        found.append(judged(what, joint, val.labels))
    return found


def judged(what: str, probabilities: Values, labels: Labels) -> Worth:
    """The figures of N x C probabilities, over the classes with answers."""
    known = [CLASSES.index(name) for name in KNOWN]
    said = np.array(known)[probabilities[:, known].argmax(1)]
    suspect = np.isin(labels, [CLASSES.index(name) for name in ("akiec", "bcc", "mel", "scc")])
    return Worth(
        what,
        balanced_accuracy(labels, said),
        float(log_loss(labels, probabilities, labels=list(range(len(CLASSES))))),
        float(roc_auc_score(suspect, suspicion(probabilities))),
    )
