#!/usr/bin/env bash
# How the weights of release 2.1.0 came about: 2.1.0.sh HAM10000 MILK10K PAD, from the root of a checkout of release 2.0.0's
# weights. docs/training.md says where the real training, which took an hour on one core, differed.
set -euo pipefail

sets=(--data "${1:?usage: 2.1.0.sh HAM10000 MILK10K PAD}" "${2:?}" "${3:?}")

models() {
    .venv/bin/python -m models "$@"
}

models train fixcaps "${sets[@]}" --view whole --size 128 --kernel 9 --mixup 0 --rate 1e-3 --epochs 16 \
    --start weights/fixcaps-2.0.0-whole.onnx --out runs/fixcaps

# Masks of close-ups by camera: `pseudo-masks` reads a run, so here is one that hardly learns.
models train yolo "${sets[@]}" --epochs 1 --rate 1e-5 --start weights/yolov8n-seg-2.0.0.onnx --out runs/reader
models pseudo-masks runs/reader "${sets[@]}"

taught=("${sets[@]}" --pseudo-masks runs/reader/pseudo-masks.zip)
models train yolo "${taught[@]}" --epochs 5 --rate 4e-4 --start weights/yolov8n-seg-2.0.0.onnx --out runs/seg-a
models train yolo "${taught[@]}" --epochs 3 --rate 3e-4 --start runs/seg-a/best.safetensors --out runs/seg-b
models train yolo "${taught[@]}" --epochs 4 --rate 3e-4 --start runs/seg-b/best.safetensors --out runs/seg-c

members=(weights/efficientnet-lite2-2.0.0-whole.onnx weights/efficientnet-lite0-2.0.0-lesion.onnx)
models export runs/seg-c runs/fixcaps "${sets[@]}" --version 2.1.0
models export runs/seg-c runs/fixcaps "${members[@]}" "${sets[@]}" --version 2.1.0
models kinds "${sets[@]}" --split val
