"""Files people take away: the parts of a document as values, and the writers that lay them out."""
