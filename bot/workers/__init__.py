"""Workers on other machines: the pool that asks them, and the process that answers."""
