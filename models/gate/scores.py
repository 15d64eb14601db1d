"""Scores of how similar a photo is to the training lesions. Each returns N values, higher for more similar.

They are compared when a gate is fitted. The linear classifier is the one that is served.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from inference.pipeline.gate import KINDS, LinearClassifier

Values = NDArray[np.float64]


def mahalanobis(features: Tensor, learnt: Tensor) -> Values:
    """Negative Mahalanobis distance to the lesions' features, with a covariance shrunk after Ledoit and Wolf.

    K. Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples", NeurIPS 2018, with one
    class.

    Args:
        features: N x D.
        learnt: M x D, of lesions.
    """
    return -np.asarray(LedoitWolf().fit(learnt.numpy()).mahalanobis(features.numpy()))


def nearest(features: Tensor, learnt: Tensor, neighbour: int = 10) -> Values:
    """Negative distance to the tenth nearest lesion, with features scaled to unit length.

    Y. Sun et al., "Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022.

    Args:
        features: N x D.
        learnt: M x D, of lesions.
        neighbour: rank of the neighbour that counts.
    """
    given, known = (torch.nn.functional.normalize(each, dim=1).numpy() for each in (features, learnt))
    distances, _ = NearestNeighbors(n_neighbors=neighbour).fit(known).kneighbors(given)
    return -np.asarray(distances[:, -1])


def fit_linear(features: Tensor, kinds: NDArray[np.int64], strength: float) -> LinearClassifier:
    """Fit the gate by regularised maximum likelihood; every kind weighs the same.

    Args:
        features: N x D.
        kinds: N indices into ``KINDS``, each at least once.
        strength: of the data against the prior (``C`` of scikit-learn), on standardised features.
    """
    values = features.double()
    mean, spread = values.mean(0), values.std(0) + 1e-3
    fitted = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
    fitted.fit(((values - mean) / spread).numpy(), kinds)
    assert len(fitted.classes_) == len(KINDS)
    weight = torch.from_numpy(fitted.coef_) / spread
    bias = torch.from_numpy(fitted.intercept_) - weight @ mean
    # scikit-learn stores the weights by columns. safetensors would write them as if they were stored by rows.
    return LinearClassifier(np.ascontiguousarray(weight.float().numpy()), bias.float().numpy())
