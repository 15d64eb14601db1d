#!/usr/bin/env bash
# How the weights of release 1.7.0 came about: 1.7.0.sh DATA, from the root of the repository. DATA is a folder of
# HAM10000. docs/training.md says where the real training differed. It needs a GPU, or some days.
set -euo pipefail

data=${1:?usage: 1.7.0.sh DATA}

models() {
    .venv/bin/python -m models "$@"
}

# The outline. yolov8n.pt is the published detector of COCO; models/networks/coco.py has its SHA-256.
models train yolo --data "$data" --start yolov8n.pt --epochs 36 --batch 64 --rate 2e-3 --out runs/yolo
models export runs/yolo --data "$data" --version 1.6.0

# three teachers
train=(--data "$data" --augment strong --mixup 0.4 --batch 128 --rate 1e-3)
models train efficientnet-lite2 "${train[@]}" --size 240 --epochs 15 --view whole --out runs/t-whole
models train efficientnet-lite2 "${train[@]}" --size 240 --epochs 15 --view lesion --out runs/t-lesion
models train efficientnet-lite2 "${train[@]}" --size 240 --epochs 15 --view lesion --margin 2.2 --out runs/t-wide

# what three of the four that learn from them began with; the fourth begins with a teacher
models train efficientnet-lite0 --data "$data" --size 192 --augment strong --epochs 7 --out runs/b-lite0
models train fixcaps --data "$data" --view whole --kernel 9 --out runs/b-whole
models train fixcaps --data "$data" --view lesion --out runs/b-light
models train fixcaps --data "$data" --view lesion --augment strong --epochs 12 \
    --start runs/b-light/best.safetensors --out runs/b-lesion

taught=("${train[@]}" --teachers runs/t-whole runs/t-lesion runs/t-wide)
models train efficientnet-lite2 "${taught[@]}" --size 192 --epochs 30 --view whole \
    --start runs/t-whole/best.safetensors --out runs/lite2-taught
models train efficientnet-lite0 "${taught[@]}" --size 192 --epochs 30 --view lesion \
    --start runs/b-lite0/best.safetensors --out runs/lite0-taught
models train fixcaps "${taught[@]}" --kernel 9 --epochs 52 --view whole \
    --start runs/b-whole/best.safetensors --out runs/whole-taught
models train fixcaps "${taught[@]}" --epochs 52 --view lesion \
    --start runs/b-lesion/best.safetensors --out runs/lesion-taught

# all four learn on from pictures as phones and messengers leave them
corrupted=(--data "$data" --augment strong --mixup 0.4 --corrupt 0.6 --teachers runs/lite2-taught runs/lite0-taught --epochs 5)
models train efficientnet-lite2 "${corrupted[@]}" --size 192 --view whole --rate 2e-4 \
    --start runs/lite2-taught/best.safetensors --out runs/lite2
models train efficientnet-lite0 "${corrupted[@]}" --size 192 --view lesion --rate 2e-4 --epochs 3 \
    --start runs/lite0-taught/best.safetensors --out runs/lite0-worn
models train efficientnet-lite0 "${corrupted[@]}" --size 192 --view lesion --rate 1.5e-4 \
    --start runs/lite0-worn/best.safetensors --out runs/lite0
models train fixcaps "${corrupted[@]}" --kernel 9 --view whole --rate 3e-4 \
    --start runs/whole-taught/best.safetensors --out runs/whole
models train fixcaps "${corrupted[@]}" --view lesion --rate 3e-4 \
    --start runs/lesion-taught/best.safetensors --out runs/lesion

models export runs/whole runs/lesion --data "$data" --version 1.7.0
models export runs/whole runs/lite2 runs/lite0 --data "$data" --version 1.7.0
models gate --data "$data" --version 1.7.0
models refusal --data "$data" --split val
models evaluate --data "$data" --split val
