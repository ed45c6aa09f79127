"""Nothing: the imaginary version has words only."""
