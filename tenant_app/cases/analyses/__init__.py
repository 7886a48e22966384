"""The analysis of a case: written by a model or drawn from its documents, always with what it rests on."""
