"""DINOv2 inside another maker's graph becomes timm's network again, and only the file that is known is read."""

import hashlib
import re
from importlib.util import find_spec
from pathlib import Path

# isort: off
import models.torchvision_env  # noqa: F401  # before timm, which imports torchvision
import timm

# isort: on
import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnxruntime import InferenceSession
from torch import Tensor, nn

from models import dinov2, families
from models.train import TrainingError
from tests.models import tiny_networks

TINY = "tiny_dinov2.random"
NAMES = {
    "cls_token": "embeddings.cls_token",
    "patch_embed.proj": "embeddings.patch_embeddings.projection",
    "norm": "layernorm",
    "attn.proj": "attention.output.dense",
    "ls1.gamma": "layer_scale1.lambda1",
    "ls2.gamma": "layer_scale2.lambda1",
}


def exported(network: nn.Module) -> bytes:
    """An ONNX file with a network's weights under the names, and in the shapes, that an export gives them."""
    values: dict[str, Tensor] = {}
    products: list[onnx.NodeProto] = []

    def linear(name: str, matrix: Tensor) -> None:
        values[f"onnx::MatMul_{len(products)}"] = matrix.T
        place = re.sub(r"/(\d+)/", r".\1/", name.replace(".", "/"))
        inputs = ["x", f"onnx::MatMul_{len(products)}"]
        products.append(helper.make_node("MatMul", inputs, ["y"], name=f"/backbone/{place}/MatMul"))

    for name, value in network.state_dict().items():
        place, rest = re.fullmatch(r"(blocks\.\d+\.|)(.+)", name).groups()  # type: ignore[union-attr]
        place, (module, _, leaf) = place.replace("blocks.", "encoder.layer."), rest.rpartition(".")
        if rest == "pos_embed":
            values |= dict(zip(dinov2.POSITIONS, (value[:, :1], value[:, 1:]), strict=True))
        elif module == "attn.qkv":
            for part, three in zip(("query", "key", "value"), value.chunk(3), strict=True):
                path = f"{place}attention.attention.{part}"
                if leaf == "weight":
                    linear(path, three)
                else:
                    values[f"backbone.{path}.bias"] = three
        elif place and leaf == "weight" and value.ndim == 2:
            linear(place + NAMES.get(module, module), value)
        else:
            values[f"backbone.{place}{NAMES.get(rest) or f'{NAMES.get(module, module)}.{leaf}'}"] = value
    tensors = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in values.items()]
    return helper.make_model(helper.make_graph(products, "exported", [], [], tensors)).SerializeToString()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that fails when it is imported; returns its file."""
    folder = tmp_path / "site" / "carries_dinov2"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setattr(dinov2, "PACKAGE", "carries_dinov2")
    monkeypatch.setattr(dinov2, "FILE", "vit.onnx")
    monkeypatch.setattr(dinov2, "ARCHITECTURE", TINY)
    return folder / "vit.onnx"


def carry(package: Path, monkeypatch: pytest.MonkeyPatch, **shape: int) -> nn.Module:
    """Put a small DINOv2 into the package, as the file that is known; returns it."""
    network = timm.create_model(TINY, num_classes=0, **shape)
    with torch.no_grad():
        for value in network.parameters():
            value.normal_()
    package.write_bytes(exported(network))
    monkeypatch.setattr(dinov2, "SHA256", hashlib.sha256(package.read_bytes()).hexdigest())
    return network


def test_what_the_package_carries_is_the_network_that_was_exported(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = carry(package, monkeypatch)
    network, _, _ = families.timm_network(TINY, 70, 0)
    assert network.state_dict().keys() == original.state_dict().keys()
    for name, value in original.state_dict().items():
        assert torch.equal(network.state_dict()[name], value), name


def test_positions_are_resampled_for_another_size(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = carry(package, monkeypatch)
    network, _, _ = families.timm_network(TINY, 98, 7)
    assert network.pos_embed.shape == (1, 1 + 7 * 7, 32)  # type: ignore[union-attr]
    assert torch.equal(network.pos_embed[:, 0], original.pos_embed[:, 0])  # type: ignore[index]
    assert network(torch.rand(1, 3, 98, 98)).shape == (1, 7)


def test_another_file_is_not_read(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry(package, monkeypatch)
    with package.open("ab") as file:
        file.write(b" ")
    with pytest.raises(TrainingError, match="not the file that is known to carry DINOv2 small"):
        families.timm_network(TINY, 70, 0)
    package.unlink()
    with pytest.raises(TrainingError, match="not the file that is known"):
        families.timm_network(TINY, 70, 0)


@pytest.mark.parametrize(("depth", "lone"), [(1, 1), (3, 2)])
def test_weights_of_another_network_are_refused(
    depth: int, lone: int, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(package, monkeypatch, depth=depth)
    with pytest.raises(ValueError, match=rf"another network: blocks\.{lone}\..+ is not in both"):
        families.timm_network(TINY, 70, 0)


def test_without_the_package_the_hub_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_networks.empty_hub(tmp_path, monkeypatch)
    tiny_networks.fill_hub(tmp_path)
    monkeypatch.setattr(dinov2, "PACKAGE", "carries_nothing")
    monkeypatch.setattr(dinov2, "ARCHITECTURE", TINY)
    assert dinov2.carried() is None
    families.timm_network(TINY, 70, 0)


def test_the_real_file_answers_as_in_its_own_runtime() -> None:
    found = find_spec(dinov2.PACKAGE)
    if not found or not found.origin:
        pytest.skip(f"{dinov2.PACKAGE} is not installed")
    network, mean, std = families.timm_network(dinov2.ARCHITECTURE, 224, 0)
    colours = torch.rand(4, 3, 1, 1, generator=torch.Generator().manual_seed(1))
    photos = families.Normalised(nn.Identity(), mean, std)(colours.expand(4, 3, 224, 224))
    model = onnx.load(Path(found.origin).parent / dinov2.FILE)
    last = next(node for node in model.graph.node if node.name == "/backbone/layernorm/Add_1").output[0]
    model.graph.output.append(onnx.ValueInfoProto(name=last))
    (theirs,) = InferenceSession(model.SerializeToString()).run([last], {"input_image": photos.numpy()})
    with torch.inference_mode():
        ours = network.eval().forward_features(photos)  # type: ignore[operator]
    assert (torch.cosine_similarity(ours, torch.from_numpy(theirs), dim=-1) > 0.95).all()
