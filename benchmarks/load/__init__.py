"""Load tests: the real bot process, the sandbox, and many people at once.

In `python -m benchmarks.load burst` all people send at the same moment. `python -m benchmarks.load soak` runs for an
hour, with faults. Both print their figures and write them to docs/load.md.
"""
