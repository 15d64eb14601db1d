"""The asynchronous front of the pipeline: a fair queue before a pool of worker processes."""
