"""The networks: our own, and others for the comparison."""
