"""What the bot does under load: the real bot process against the sandbox, and many people at once.

`python -m benchmarks.load burst` has them all send at the same moment, `python -m benchmarks.load soak` keeps on for an
hour through faults. Both print their figures and write them to docs/load.md.
"""
