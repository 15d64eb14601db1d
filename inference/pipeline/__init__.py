"""The steps from pixels to an `Analysis`, and the `Analyzer` that runs them in order."""
