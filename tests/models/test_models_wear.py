"""Training pictures are worn as photos are: so many of them, in every way, by nothing but the generator's chance."""

import numpy as np
import pytest
import torch
from torch import Generator

from models.__main__ import main
from models.data import random_corruptions
from models.data.random_corruptions import worn
from tests.models import drawn_ham

PICTURES = torch.from_numpy(np.stack([drawn_ham.draw(number)[0] for number in range(40)]))


def changed(pictures: torch.Tensor) -> torch.Tensor:
    return (pictures != PICTURES).flatten(1).any(1)


def test_so_many_pictures_are_worn_and_the_others_stay_as_they_are() -> None:
    before = PICTURES.clone()
    assert not changed(worn(PICTURES, 0.0, Generator().manual_seed(1))).any()
    everything = worn(PICTURES, 1.0, Generator().manual_seed(1))
    assert changed(everything).all() and everything.dtype == torch.uint8 and everything.shape == PICTURES.shape
    assert 10 <= int(changed(worn(PICTURES, 0.5, Generator().manual_seed(1))).sum()) <= 30
    assert torch.equal(PICTURES, before)


def test_generator_decides_everything() -> None:
    once, again, other = (worn(PICTURES, 0.5, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(once, again) and not torch.equal(once, other)


@pytest.mark.parametrize("way", ["blurred", "shaken", "shrunk", "compressed", "glaring"])
def test_every_way_is_gone(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_corruptions, way, lambda *_: np.zeros_like)
    gone = (worn(PICTURES, 1.0, Generator().manual_seed(1)) == 0).flatten(1).all(1)
    assert 2 <= int(gone.sum()) <= 20, "a sixth of the pictures, of two ways a third"


@pytest.mark.parametrize("share", ["60", "-0.1", "nan"])
def test_a_share_that_is_none_is_one_line(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "fixcaps", "--data", "nowhere", "--worn", share])
    assert f"error: argument --worn: {share} is no share from 0 to 1" in capsys.readouterr().err
