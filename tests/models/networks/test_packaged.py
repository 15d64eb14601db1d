"""A transformer inside another maker's graph becomes timm's again, and only the file that is known is read."""

import hashlib
import re
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# isort: off
from models.errors import TrainingError
import models.networks.torchvision_env  # noqa: F401  # before timm, which imports torchvision
import timm

# isort: on
import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from onnxruntime import InferenceSession
from torch import Tensor, nn

from models.networks import others, packaged
from models.networks.packaged import CARRIED, CLIP_BASE, DINOV2_SMALL, Carried
from tests.models import tiny_networks

POSITIONS = ("onnx::Concat_1", "onnx::Reshape_2")


@dataclass(frozen=True)
class Export:
    """How a graph names what timm names otherwise.

    ``names`` of modules and parameters, ``query`` with the name of one of the three parts in place of the braces.
    """

    tiny: str
    carried: Carried
    layers: str
    query: str
    parts: tuple[str, str, str]
    names: dict[str, str]
    rounded: bool


DINOV2 = Export(
    tiny="tiny_dinov2.random",
    carried=replace(CARRIED[DINOV2_SMALL], package="carries_weights", file="vit.onnx", positions=POSITIONS),
    layers="encoder.layer",
    query="attention.attention.{}",
    parts=("query", "key", "value"),
    names={
        "cls_token": "embeddings.cls_token",
        "patch_embed.proj": "embeddings.patch_embeddings.projection",
        "norm": "layernorm",
        "attn.proj": "attention.output.dense",
        "ls1.gamma": "layer_scale1.lambda1",
        "ls2.gamma": "layer_scale2.lambda1",
    },
    rounded=False,
)
CLIP = Export(
    tiny="tiny_clip.random",
    carried=replace(CARRIED[CLIP_BASE], package="carries_weights", file="vit.onnx"),
    layers="encoder.layers",
    query="self_attn.{}_proj",
    parts=("q", "k", "v"),
    names={
        "cls_token": "embeddings.class_embedding",
        "pos_embed": "embeddings.position_embedding.weight",
        "patch_embed.proj": "embeddings.patch_embedding",
        "norm_pre": "pre_layrnorm",
        "norm": "post_layernorm",
        "norm1": "layer_norm1",
        "norm2": "layer_norm2",
        "attn.proj": "self_attn.out_proj",
    },
    rounded=True,
)


def exported(network: nn.Module, export: Export) -> bytes:
    """An ONNX file with a network's weights under the names, and in the shapes, that an export gives them."""
    prefix, names = export.carried.prefix, export.names
    values: dict[str, Any] = {}
    products: list[onnx.NodeProto] = []

    def linear(name: str, matrix: Tensor) -> None:
        folded, inner = matrix.T.numpy(), f"onnx::MatMul_{len(products)}"
        operator, suffix = "MatMul", ""
        if export.rounded:
            scale = np.abs(folded).max(0) / 127
            values[f"{inner}_scale"] = scale
            folded, inner = (folded / scale).round().astype(np.int8), f"{inner}_quantized"
            operator, suffix = "MatMulInteger", "_quant"
        values[inner] = folded
        place = re.sub(r"/(\d+)/", r".\1/", (prefix + name).replace(".", "/"))
        products.append(helper.make_node(operator, ["x", inner], ["y"], name=f"/{place}/MatMul{suffix}"))

    for name, value in network.state_dict().items():
        place, rest = re.fullmatch(r"(blocks\.\d+\.|)(.+)", name).groups()  # type: ignore[union-attr]
        place, (module, _, leaf) = place.replace("blocks", export.layers), rest.rpartition(".")
        if rest == "pos_embed" and rest not in names:
            values |= dict(zip(POSITIONS, (value[:, :1], value[:, 1:]), strict=True))
        elif module == "attn.qkv":
            for part, three in zip(export.parts, value.chunk(3), strict=True):
                path = place + export.query.format(part)
                if leaf == "weight":
                    linear(path, three)
                else:
                    values[f"{prefix}{path}.bias"] = three
        elif place and leaf == "weight" and value.ndim == 2:
            linear(place + names.get(module, module), value)
        else:
            batched = value.ndim == 3 and export is CLIP
            values[f"{prefix}{place}{names.get(rest) or f'{names.get(module, module)}.{leaf}'}"] = (
                value.squeeze() if batched else value
            )
    tensors = [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in values.items()]
    return helper.make_model(helper.make_graph(products, "exported", [], [], tensors)).SerializeToString()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that fails when it is imported; returns its file."""
    folder = tmp_path / "site" / "carries_weights"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(folder.parent)
    return folder / "vit.onnx"


def carry(package: Path, export: Export, monkeypatch: pytest.MonkeyPatch, **shape: int) -> nn.Module:
    """Put a small transformer into the package, as the file that is known; returns it."""
    network = timm.create_model(export.tiny, num_classes=0, **shape)
    with torch.no_grad():
        for value in network.parameters():
            value.normal_()
    package.write_bytes(exported(network, export))
    known = replace(export.carried, sha256=hashlib.sha256(package.read_bytes()).hexdigest())
    monkeypatch.setitem(packaged.CARRIED, export.tiny, known)
    return network


@pytest.mark.parametrize(("export", "side"), [(DINOV2, 70), (CLIP, 64)])
def test_what_a_package_carries_is_the_network_that_was_exported(
    export: Export, side: int, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = carry(package, export, monkeypatch, img_size=side)
    network, _, _ = others.timm_network(export.tiny, side, 0)
    assert network.state_dict().keys() == original.state_dict().keys()
    for name, value in original.state_dict().items():
        step = value.abs().max() / 127 if export.rounded and value.ndim == 2 else 0.0
        assert ((network.state_dict()[name] - value).abs() <= step * 0.51).all(), name


def test_positions_are_resampled_for_another_size(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = carry(package, DINOV2, monkeypatch)
    network, _, _ = others.timm_network(DINOV2.tiny, 98, 7)
    assert network.pos_embed.shape == (1, 1 + 7 * 7, 32)  # type: ignore[union-attr]
    assert torch.equal(network.pos_embed[:, 0], original.pos_embed[:, 0])  # type: ignore[index]
    assert network(torch.rand(1, 3, 98, 98)).shape == (1, 7)


def test_another_file_is_not_read(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    carry(package, DINOV2, monkeypatch)
    with package.open("ab") as file:
        file.write(b" ")
    with pytest.raises(TrainingError, match=f"not the file that is known to carry {DINOV2.tiny}"):
        others.timm_network(DINOV2.tiny, 70, 0)
    package.unlink()
    with pytest.raises(TrainingError, match="not the file that is known"):
        others.timm_network(DINOV2.tiny, 70, 0)


@pytest.mark.parametrize(("depth", "lone"), [(1, 1), (3, 2)])
def test_weights_of_another_network_are_refused(
    depth: int, lone: int, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry(package, DINOV2, monkeypatch, depth=depth)
    with pytest.raises(ValueError, match=rf"another network: blocks\.{lone}\..+ is not in both"):
        others.timm_network(DINOV2.tiny, 70, 0)


def test_without_the_package_the_hub_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_networks.empty_hub(tmp_path, monkeypatch)
    tiny_networks.fill_hub(tmp_path)
    monkeypatch.setitem(packaged.CARRIED, DINOV2.tiny, DINOV2.carried)
    assert packaged.carried(DINOV2.tiny) is None
    others.timm_network(DINOV2.tiny, 70, 0)


@pytest.mark.parametrize(
    ("architecture", "last", "least"),
    [
        (DINOV2_SMALL, "/backbone/layernorm/Add_1", 0.95),
        # Its graph rounds what flows between the layers too.
        (CLIP_BASE, "/vision_model/post_layernorm/Add_1", 0.9),
    ],
)
def test_the_real_files_answer_as_in_their_own_runtime(architecture: str, last: str, least: float) -> None:
    source = CARRIED[architecture]
    found = find_spec(source.package)
    if not found or not found.origin:
        pytest.skip(f"{source.package} is not installed")
    network, mean, std = others.timm_network(architecture, 224, 0)
    colours = torch.rand(4, 3, 1, 1, generator=torch.Generator().manual_seed(1))
    photos = others.Normalised(nn.Identity(), mean, std)(colours.expand(4, 3, 224, 224))
    model = onnx.load(Path(found.origin).parent / source.file)
    output = next(node for node in model.graph.node if node.name == last).output[0]
    model.graph.output.append(onnx.ValueInfoProto(name=output))
    session = InferenceSession(model.SerializeToString())
    (theirs,) = session.run([output], {session.get_inputs()[0].name: photos.numpy()})
    theirs = torch.from_numpy(theirs)
    with torch.inference_mode():
        ours = network.eval().forward_features(photos)  # type: ignore[operator]
    ours = ours if theirs.ndim == 3 else ours[:, 0]  # CLIP's graph goes on with the class token alone
    assert (torch.cosine_similarity(ours, theirs, dim=-1) > least).all()
