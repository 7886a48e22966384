"""One revision per file; the file name is the revision id."""
