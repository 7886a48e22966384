"""What is read from mails and the files that came with them."""

from collections.abc import Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from tenant_app.library.parsing.mail import MOST_ATTACHMENTS, MOST_MAILS_WITHIN, MOST_PARTS_WITHIN, read_mail
from tenant_app.library.parsing.protocol import Block, ParseError, Part
from tenant_app.library.parsing.readers import read_file
from tests.tenant_app.library import office_samples, samples


def _read(tmp_path: Path, content: bytes) -> Sequence[Part]:
    path = tmp_path / "document"
    path.write_bytes(content)
    return list(partial(read_mail, read=read_file)(path))


def _mail(text: str = "Le bail est signé.", subject: str = "Bail été") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Zoé <zoe@cabinet.test>"
    message["To"] = "client@exemple.test"
    message["Subject"] = subject
    message["Date"] = "Tue, 31 Mar 2026 10:00:00 +0200"
    message.set_content(text)
    return message


HEAD = [
    Block("Bail été", level=1),
    Block("De : Zoé <zoe@cabinet.test>\nÀ : client@exemple.test\nDate : Tue, 31 Mar 2026 10:00:00 +0200"),
]


def test_subject_headers_and_text_are_read_decoded(tmp_path: Path) -> None:
    assert _read(tmp_path, bytes(_mail())) == [*HEAD, Block("Le bail est signé.")]


def test_the_plain_form_of_a_text_is_read_once(tmp_path: Path) -> None:
    message = _mail()
    message.add_alternative("<p>Le bail est <b>signé</b>, en couleurs.</p>", subtype="html")
    assert _read(tmp_path, bytes(message)) == [*HEAD, Block("Le bail est signé.")]


def test_a_text_that_is_only_a_web_page_is_read_as_one(tmp_path: Path) -> None:
    message = _mail("")
    page = "<meta charset='iso-8859-15'><p>Le bail est <b>signé</b>.</p><script>x</script>"
    message.add_alternative(page, subtype="html")
    assert _read(tmp_path, bytes(message)) == [*HEAD, Block("Le bail est signé.")]


def test_each_attachment_is_read_by_its_bytes_under_its_name(tmp_path: Path) -> None:
    message = _mail()
    word = samples.word("Le loyer.", heading="Bail")
    message.add_attachment(word, maintype="application", subtype="octet-stream", filename="bail signé.docx")
    rents = office_samples.xlsx({"Loyers": [["Mai", 800]]})
    message.add_attachment(rents, maintype="image", subtype="png", filename="loyers.png")
    message.add_attachment(
        samples.pdf(["Le préavis."]), maintype="application", subtype="pdf", filename="x.pdf"
    )
    assert _read(tmp_path, bytes(message))[3:] == [
        Block("bail signé.docx", level=2),
        Block("Bail", level=3),
        Block("Le loyer."),
        Block("loyers.png", level=2),
        Block("Loyers", level=3),
        Block("Mai | 800"),
        Block("x.pdf", level=2),
        Block("Le préavis."),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (samples.encrypted_pdf(), "Pièce jointe non lue (protégée par un mot de passe) : piece"),
        (samples.pdf([]), "Pièce jointe non lue (sans texte) : piece"),
        (samples.word("x")[:700], "Pièce jointe non lue (endommagée) : piece"),
        (b"\x7fELF\x02", "Pièce jointe non lue (type non accepté) : piece"),
        (samples.word_bomb(64), "Pièce jointe non lue (trop volumineuse) : piece"),
    ],
    ids=["encrypted", "without text", "damaged", "another type", "a bomb"],
)
def test_an_attachment_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, content: bytes, said: str
) -> None:
    message = _mail()
    message.add_attachment(content, maintype="application", subtype="pdf", filename="piece")
    assert _read(tmp_path, bytes(message)) == [*HEAD, Block("Le bail est signé."), Block(said)]


def test_a_mail_sent_with_a_mail_is_read_below_it(tmp_path: Path) -> None:
    message = _mail()
    message.add_attachment(_mail("Voici le bail.", "Projet"))
    assert _read(tmp_path, bytes(message))[3:] == [
        Block("Projet", level=3),
        HEAD[1],
        Block("Voici le bail."),
    ]


def test_mails_within_mails_are_followed_to_a_depth_that_people_reach(tmp_path: Path) -> None:
    message = _mail("le plus profond", "0")
    for depth in range(1, MOST_MAILS_WITHIN + 2):
        outer = _mail(f"niveau {depth}", str(depth))
        outer.add_attachment(message)
        message = outer
    texts = [part.text for part in _read(tmp_path, bytes(message)) if isinstance(part, Block)]
    assert "niveau 1" in texts
    assert texts[-1] == "Pièce jointe non lue (trop volumineuse) : 0"


def test_more_attachments_than_anyone_sends_are_named_not_read(tmp_path: Path) -> None:
    message = _mail()
    for number in range(MOST_ATTACHMENTS + 1):
        message.add_attachment(f"pièce {number}", filename=f"{number}.txt")
    blocks = _read(tmp_path, bytes(message))
    assert blocks[-2] == Block(f"pièce {MOST_ATTACHMENTS - 1}")
    assert blocks[-1] == Block(f"Pièce jointe non lue (trop volumineuse) : {MOST_ATTACHMENTS}.txt")


@pytest.mark.parametrize("depth", [MOST_PARTS_WITHIN + 5, 5_000])
def test_parts_within_parts_end_somewhere(tmp_path: Path, depth: int) -> None:
    opening = "".join(
        f'Content-Type: multipart/mixed; boundary="{level}"\n\n--{level}\n' for level in range(depth)
    )
    content = f"From: a@b.test\nSubject: Poupées\n{opening}\ntexte"
    try:
        blocks = _read(tmp_path, content.encode())
    except RecursionError:
        # The reading child answers that the file is nested too deeply.
        return
    assert blocks[-1] == Block("Pièce jointe non lue (trop volumineuse)")


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (b"Subject: =?iso-8859-1?Q?R=E9siliation_du?= =?utf-8?B?IGJhaWw=?=", "Résiliation du bail"),
        ("Subject: Résiliation".encode(), "Résiliation"),
        ("Subject: Résiliation".encode("cp1252"), "Résiliation"),
        (b"Subject: Bail\n du 1er mars", "Bail du 1er mars"),
        (b"Subject: =?x-unknown?Q?R=C3=A9siliation?=", "Résiliation"),
        (b"Subject: =?utf-8?B?a?=", "=?utf-8?B?a?="),
    ],
)
def test_a_subject_is_decoded_however_it_was_written(tmp_path: Path, header: bytes, read: str) -> None:
    blocks = _read(tmp_path, header + b"\nFrom: a@b.test\n\ntexte")
    assert blocks[0] == Block(read, level=1)


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        (b'filename="=?utf-8?Q?r=C3=A9sum=C3=A9.txt?="', "résumé.txt"),
        (b"filename*=utf-8''r%C3%A9sum%C3%A9.txt", "résumé.txt"),
        (b"filename*0*=utf-8''r%C3%A9; filename*1=sum.txt", "résum.txt"),
        (b"filename*=x-none''%FF", "ÿ"),
    ],
)
def test_the_name_of_an_attachment_is_decoded_however_it_was_written(
    tmp_path: Path, parameter: bytes, name: str
) -> None:
    content = b"From: a@b.test\nContent-Disposition: attachment; " + parameter + b"\n\nLe texte."
    assert Block(name, level=2) in _read(tmp_path, content)


def test_the_character_set_of_a_text_is_believed_only_if_it_fits(tmp_path: Path) -> None:
    for charset in (b"utf-8", b"x-unknown", b"us-ascii"):
        content = (
            b"From: a@b.test\nContent-Type: text/plain; charset=" + charset + b"\n\n" + "été".encode("cp1252")
        )
        assert _read(tmp_path, content)[-1] == Block("été")


def test_a_logo_in_the_signature_is_not_mentioned(tmp_path: Path) -> None:
    message = _mail()
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<logo>", filename="logo.png")
    assert _read(tmp_path, bytes(message)) == [*HEAD, Block("Le bail est signé.")]


def test_what_has_no_headers_is_no_mail(tmp_path: Path) -> None:
    with pytest.raises(ParseError) as refusal:
        _read(tmp_path, b"\n\ntexte")
    assert refusal.value.code == "damaged"
