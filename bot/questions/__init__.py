"""Six questions that a doctor would ask. Each is answered with one tap, and the answers make the result surer."""
