"""Tools of the clone, run from it; not part of the installed product."""
