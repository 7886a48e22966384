"""Commands as values: each function returns the exact argv that would run, and runs nothing."""
