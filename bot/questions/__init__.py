"""Six questions that a doctor would ask: each answered with one tap, joined with the photo to a surer answer."""
