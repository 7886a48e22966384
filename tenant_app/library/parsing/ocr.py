"""Recognise the characters of page images with Debian's tesseract, each page in a process of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenant_app import ending_with_parent
from tenant_app.library.parsing.characters import normalise

LANGUAGES: Final = ("fra", "eng")
PAGE_SECONDS: Final = 90
"""For one page of one language pair at 300 dpi a slow processor takes about 10."""

_ENDING_WITH_US: Final = (sys.executable, "-I", "-S", ending_with_parent.__file__)
"""However the reading child ends, no recognition goes on without it."""
_TEXT_LAID_OUT: Final = 3
"""tesseract's page segmentation modes: automatic …"""
_TURNED: Final = 1
"""… and automatic once the page has been turned upright, which takes twice as long."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_FREQUENT_WORDS: Final = """
a à au aux ce dans de des du elle en est et il la le les ou par pas pour que qui se sur une
and are as at be by for from in is it not of on or that the this to with
"""
"""Words of which a text in LANGUAGES holds about a third, and letters read upside down hardly any."""
_FREQUENT: Final = frozenset(_FREQUENT_WORDS.split())
_UPRIGHT_SHARE: Final = 0.1
_MEANT: Final = ((re.compile(r"\|(?=['’]\w)"), "l"), (re.compile(r"¢(?=[aàâou])"), "ç"))
"""Signs that no text holds in these places, and the letters they are taken for."""


class NotRecognised(Exception):
    """The page could not be read: it took too long, too much memory, or is no image after all."""


@dataclass(frozen=True)
class Ocr:
    """An installed tesseract and those of LANGUAGES it has been installed with."""

    command: tuple[str, ...]
    languages: tuple[str, ...]

    def pages(self, image: bytes, dpi: int | None = None) -> list[str]:
        """Return the text of each page of an image (one, save in a TIFF of several).

        `image` is a file's content: PGM, PNG, JPEG or TIFF; `dpi` is its resolution where the file does not
        say it. Raises NotRecognised.
        """
        as_it_is = self._recognised(image, dpi, _TEXT_LAID_OUT)
        if _share_of_frequent_words(as_it_is) >= _UPRIGHT_SHARE:
            return as_it_is
        try:
            turned = self._recognised(image, dpi, _TURNED)
        except NotRecognised:
            # So it is where there are too few letters to tell up from down.
            return as_it_is
        return max(as_it_is, turned, key=_share_of_frequent_words)

    def _recognised(self, image: bytes, dpi: int | None, segmentation: int) -> list[str]:
        resolution = [] if dpi is None else ["--dpi", str(dpi)]
        languages = "+".join(self.languages)
        command = [*self.command, "stdin", "stdout", "-l", languages, "--psm", str(segmentation), *resolution]
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed program, by an argument list
                command,
                input=image,
                capture_output=True,
                timeout=PAGE_SECONDS,
                env=_environment(),
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NotRecognised(f"a page took more than {PAGE_SECONDS} seconds") from error
        if ended.returncode != 0:
            raise NotRecognised(f"tesseract ended with {ended.returncode}: {ended.stderr[-300:]!r}")
        text = ended.stdout.decode("utf-8", "replace")
        return [_read(page) for page in text.removesuffix("\f").split("\f")]


def installed_ocr() -> Ocr | None:
    """Return the tesseract of this host, or None when it, or every one of LANGUAGES, is missing."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    listed = subprocess.run(  # noqa: S603 - a fixed program, by an argument list
        [program, "--list-langs"],
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
        env=_environment(),
        check=False,
    )
    languages = tuple(language for language in LANGUAGES if language in listed.stdout.split())
    return Ocr((*_ENDING_WITH_US, program), languages) if languages else None


def _environment() -> dict[str, str]:
    # One thread: on a page it is as fast as four, and leaves the other processors to questions.
    return {"PATH": os.environ.get("PATH", os.defpath), "OMP_THREAD_LIMIT": "1"}


def _share_of_frequent_words(pages: Sequence[str]) -> float:
    words = _WORD.findall(" ".join(pages).lower())
    return sum(word in _FREQUENT for word in words) / max(1, len(words))


def _read(page: str) -> str:
    """Return a page's lines without those that are specks and rulings taken for signs."""
    text = normalise(page)
    for taken_for, letter in _MEANT:
        text = taken_for.sub(letter, text)
    return "\n".join(line for line in text.split("\n") if not line.strip() or _is_text(line))


def _is_text(line: str) -> bool:
    signs = [sign for sign in line if not sign.isspace()]
    return sum(sign.isalnum() for sign in signs) * 2 >= len(signs)
