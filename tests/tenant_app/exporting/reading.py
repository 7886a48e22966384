"""Reads written files the way another program does."""

import pypdfium2


def words_of(pdf: bytes) -> str:
    """Return the text of every page, the way another program reads it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_bounded())
            text_page.close()
            page.close()
        return " ".join(" ".join(texts).split())
    finally:
        document.close()
