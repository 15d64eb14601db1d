"""The pace of a chat for all tests but those of the pace."""

from bot.telegram.rate_limit import Pace

# No test waits for it.
QUICK = Pace(burst=1000, per_second=1000, group_per_minute=60_000)
