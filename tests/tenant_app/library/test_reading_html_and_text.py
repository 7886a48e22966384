"""What is read from web pages, Markdown and plain text, whatever their encoding."""

from pathlib import Path

import pytest

from tenant_app.library.parsing.html import read_html
from tenant_app.library.parsing.protocol import Block, ParseError
from tenant_app.library.parsing.text import read_markdown, read_text

PAGE = """<!doctype html><html><head><title>Les congés – Ministère</title></head><body>
<header><h1>Ministère</h1></header><nav><ul><li>Accueil</li></ul></nav>
<main><div class="breadcrumb">Accueil &gt; Congés</div>
<article><header><h1>Les congés</h1></header>
<p>Le salarié a droit à <b>cinq</b> semaines.<br>Chaque année.</p>
<ul><li>Mariage : <i>quatre</i> jours</li><li>Naissance</li></ul>
<table><tr><th>Motif</th><th>Jours</th></tr><tr><td>Décès</td><td>3</td></tr></table>
<aside>Publicité</aside><script>alert(1)</script><p hidden>caché</p><p aria-hidden="true">caché</p>
<h2>Procédure</h2>texte libre<p>Prévenir l'employeur.</p></article></main>
<footer>Mentions légales</footer></body></html>"""


def _written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "document"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _texts(parts: object) -> list[str]:
    return [part.text for part in parts if isinstance(part, Block)]  # type: ignore[attr-defined]


def test_the_article_is_kept_and_what_stands_around_it_is_dropped(tmp_path: Path) -> None:
    assert list(read_html(_written(tmp_path, PAGE))) == [
        Block("Les congés", level=1),
        Block("Le salarié a droit à cinq semaines. Chaque année."),
        Block("- Mariage : quatre jours"),
        Block("- Naissance"),
        Block("Motif | Jours"),
        Block("Décès | 3"),
        Block("Procédure", level=2),
        Block("texte libre"),
        Block("Prévenir l'employeur."),
    ]


def test_a_page_without_main_heading_is_headed_by_its_title(tmp_path: Path) -> None:
    blocks = list(read_html(_written(tmp_path, "<title>Note de service</title><p>Fermé lundi.</p>")))
    assert blocks == [Block("Note de service", level=1), Block("Fermé lundi.")]


def test_small_articles_beside_the_text_do_not_hide_it(tmp_path: Path) -> None:
    page = f"<body><p>{'Le texte principal. ' * 20}</p><article>À lire aussi</article></body>"
    assert any("principal" in text for text in _texts(read_html(_written(tmp_path, page))))


def test_text_after_a_dropped_element_stays_in_place(tmp_path: Path) -> None:
    page = "<p><script>x</script>début <b>gras</b><script>y</script> fin</p>"
    assert _texts(read_html(_written(tmp_path, page))) == ["début gras fin"]


def test_preformatted_text_keeps_its_lines(tmp_path: Path) -> None:
    assert _texts(read_html(_written(tmp_path, "<pre>un\ndeux\n\ntrois</pre>"))) == ["un\ndeux", "trois"]


@pytest.mark.parametrize(
    "content",
    [
        "<p>L'été à 3,50 €</p>".encode("cp1252"),
        '<meta charset="windows-1252"><p>L\'été à 3,50 €</p>'.encode("cp1252"),
        '<meta charset="utf-8"><p>L\'été à 3,50 €</p>'.encode("cp1252"),
        '<meta charset="klingon"><p>L\'été à 3,50 €</p>'.encode(),
        "<p>L'été à 3,50 €</p>".encode(),
        "<p>L'été à 3,50 €</p>".encode("utf-16"),
    ],
)
def test_pages_are_read_in_their_real_encoding(tmp_path: Path, content: bytes) -> None:
    assert _texts(read_html(_written(tmp_path, content))) == ["L'été à 3,50 €"]


def test_a_page_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError) as refusal:
        list(read_html(_written(tmp_path, "<!-- -->")))
    assert refusal.value.code == "damaged"


def test_markdown_is_read_as_it_looks(tmp_path: Path) -> None:
    source = """---
layout: default
---
# Code du travail
{:.no_toc}

Voir l'article [L. 214-8](#a) et **non** `ceci`.
Suite.

1. Premier
2. Second

* puce

| Motif | Jours |
|-------|-------|
| Décès | 3 |

```
code brut
```

<div>brut <b>html</b></div>

## Titre deux
"""
    assert list(read_markdown(_written(tmp_path, source))) == [
        Block("Code du travail", level=1),
        Block("Voir l'article L. 214-8 et non ceci.\nSuite."),
        Block("1. Premier"),
        Block("2. Second"),
        Block("- puce"),
        Block("Motif | Jours"),
        Block("Décès | 3"),
        Block("code brut"),
        Block("brut html"),
        Block("Titre deux", level=2),
    ]


def test_text_is_cut_at_blank_lines_and_known_headings(tmp_path: Path) -> None:
    source = "CHAPITRE II\nArticle L313-11\nLa carte est délivrée\nde plein droit.\n\n\nFin.\n"
    assert list(read_text(_written(tmp_path, source))) == [
        Block("CHAPITRE II", level=4),
        Block("Article L313-11", level=6),
        Block("La carte est délivrée\nde plein droit."),
        Block("Fin."),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1"])
def test_text_of_any_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    words = "La procédure a été engagée à Nîmes, où l'été fut très chaud."
    assert _texts(read_text(_written(tmp_path, words.encode(encoding)))) == [words]


def test_an_encoding_far_from_western_is_recognised(tmp_path: Path) -> None:
    words = "Договор аренды заключён сроком на один год. Арендатор обязан вносить плату ежемесячно. " * 5
    assert _texts(read_text(_written(tmp_path, words.encode("cp1251")))) == [words.strip()]


def test_text_that_breaks_its_own_encoding_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError) as refusal:
        list(read_text(_written(tmp_path, b"\xff\xfea")))
    assert refusal.value.code == "damaged"


def test_right_to_left_text_is_kept(tmp_path: Path) -> None:
    assert _texts(read_text(_written(tmp_path, "عقد الإيجار"))) == ["عقد الإيجار"]
