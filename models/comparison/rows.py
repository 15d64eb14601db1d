"""The rows of the table. Architectures and weights have the names of timm and open_clip."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Literal

from models.comparison import embedding, released, trained, zero_shot
from models.comparison.bench import VIEW, Row
from models.networks import packaged, zoo
from models.training.classification import ClassifierConfig, recipe_for


def _trained(
    name: zoo.Name,
    title: str,
    *,
    size: int,
    augment: Literal["light", "strong"],
    rate: float | None = None,
    batched: bool = False,
) -> Row:
    recipe = recipe_for(name)
    config = ClassifierConfig(name=name, size=size, view=VIEW, augment=augment)
    if rate is not None:
        recipe = replace(recipe, rate=rate, mixed=True)
    return Row(name, title, partial(trained.reader, config=config, recipe=recipe), batched)


ROWS: tuple[Row, ...] = (
    _trained("resnet50", "ResNet-50, fine-tuned", size=224, augment="strong", rate=2e-4),
    _trained("vit-b16", "ViT-B/16 of CLIP, fine-tuned", size=224, augment="strong", rate=5e-5),
    Row(
        "dinov2-base-svm",
        "DINOv2 base, embeddings and SVM",
        partial(embedding.reader, architecture="vit_base_patch14_dinov2.lvd142m", size=224),
    ),
    Row(
        "dinov2-large-svm",
        "DINOv2 large, embeddings and SVM",
        partial(embedding.reader, architecture="vit_large_patch14_dinov2.lvd142m", size=224),
    ),
    Row(
        "dinov2-small-svm",
        "DINOv2 small, embeddings and SVM",
        partial(embedding.reader, architecture=packaged.DINOV2_SMALL, size=224),
    ),
    Row(
        "clip-svm",
        "CLIP ViT-B/16, embeddings and SVM",
        partial(embedding.reader, architecture=packaged.CLIP_BASE, size=224),
    ),
    Row(
        "swinv2-svm",
        "Swin-v2 base, embeddings and SVM",
        partial(embedding.reader, architecture="swinv2_base_window12to16_192to256.ms_in22k_ft_in1k", size=256),
    ),
    _trained("dinov2-lora", "DINOv2 base with LoRA", size=224, augment="strong"),
    _trained("dinov2-small-lora", "DINOv2 small with LoRA", size=224, augment="strong"),
    Row(
        "clip-zero-shot",
        "CLIP ViT-B/16, zero-shot",
        partial(zero_shot.reader, model="ViT-B-16-quickgelu", weights="openai"),
    ),
    Row("efficientnet-lite2", "EfficientNet-Lite2, fine-tuned", partial(released.reader, network="efficientnet-lite2")),
    Row("efficientnet-lite0", "EfficientNet-Lite0, fine-tuned", partial(released.reader, network="efficientnet-lite0")),
    _trained("yolov8n-cls", "YOLOv8n-cls, from scratch", size=224, augment="light"),
    Row("fixcaps", "FixCaps", partial(released.reader, network="fixcaps")),
    _trained("fixcaps-ds", "FixCaps-DS", size=128, augment="light"),
    # Its authors train at a rate of 0.123. At our rate its capsules, which start tiny, hardly grow.
    _trained("fixcaps-published", "FixCaps as published", size=128, augment="light", rate=0.123, batched=True),
)
