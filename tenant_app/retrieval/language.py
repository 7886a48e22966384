"""Tell French from English by their commonest words."""

import re
from typing import Literal

Language = Literal["fr", "en"]

_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE_CHARACTERS = 20_000

_FRENCH = """
a ai aie ait alors apres as au aucun aucune aussi autre autres aux avaient avait avec avez avoir avons
ayant c ca car ce ceci cela celle celles celui ces cet cette ceux chaque chez ci combien comme comment d
dans de depuis des deux dois doit doivent donc dont du elle elles en encore entre es est et etaient etait
etant ete etes etre eu eux faire fait faut font il ils j je jusqu l la le les leur leurs lors lorsqu
lorsque lui m ma mais me meme memes mes moi mon n ne ni nos notre nous on ont ou par parce pas pendant peu
peut peuvent peux plus plusieurs pour pourquoi puis puisqu puisque qu quand que quel quelle quelles quels
qui quoi s sa sans se selon sera seront ses si soit sommes son sont sous suis sur t ta tandis te tel telle
telles tels tes toi ton tous tout toute toutes tres tu un une va vers veux voici voila vont vos votre vous
y
"""
FRENCH_STOP_WORDS: frozenset[str] = frozenset(_FRENCH.split())
_ENGLISH = """
a about after all also am an and any are as at be because been before being but by can could did do does
doing down during each few for from had has have having he her here hers him his how i if in into is it
its just me more most my no nor not of off on once only or other our ours out over own s same she should
so some such t than that the their theirs them then there these they this those through to too under until
up very was we were what when where which while who whom why will with would you your yours
"""
ENGLISH_STOP_WORDS: frozenset[str] = frozenset(_ENGLISH.split())
# Words that both languages use ("a", "on", "me" …) tell nothing about which one is written.
_FRENCH_SIGNS = FRENCH_STOP_WORDS - ENGLISH_STOP_WORDS | {"à", "été", "même", "être", "où", "très"}
_ENGLISH_SIGNS = ENGLISH_STOP_WORDS - FRENCH_STOP_WORDS
_FRENCH_LETTERS = re.compile(r"[éèêëàâùûôîïçœ]")


def detect_language(text: str) -> Language | None:
    """Return the language of `text`, or None when it does not show (too short, neither of the two)."""
    sample = text[:_SAMPLE_CHARACTERS].lower()
    words = _WORD.findall(sample)
    french = sum(word in _FRENCH_SIGNS for word in words)
    english = sum(word in _ENGLISH_SIGNS for word in words)
    if french == english:
        return "fr" if _FRENCH_LETTERS.search(sample) else None
    return "fr" if french > english else "en"
