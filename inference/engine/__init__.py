"""The asynchronous front of the pipeline: a fair queue in front of a pool of worker processes."""
