"""From a training run to a release in `weights/`."""
