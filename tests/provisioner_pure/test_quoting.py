"""What is written into a format is what that format's own reader reads back, whatever it holds."""

import shlex
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import crossplane
import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st
from supervisor.options import ProcessConfig, ServerOptions, UnhosedConfigParser

from provisioner import quoting
from provisioner.render import Program, supervisor_program
from tests.provisioner_pure.environment_file import parse_environment_file
from tests.provisioner_pure.samples import HOSTILE_TEXTS
from tests.provisioner_pure.unit_file import expand_specifiers, parse_unit, split_words

#: One line of anything a client may be called: no controls, separators or lone surrogates.
lines = st.one_of(
    st.sampled_from(HOSTILE_TEXTS),
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60),
    st.text("\"'\\;#{}$%=` \tn", max_size=20).filter(lambda text: "\t" not in text),
)


@given(lines.filter(lambda text: "${" not in text), lines.filter(lambda text: "${" not in text))
def test_env_values_are_read_back_by_dotenv_and_by_systemd(first: str, second: str) -> None:
    text = f"FIRST={quoting.dotenv(first)}\nSECOND={quoting.dotenv(second)}\nEND=yes\n"
    wanted = {"FIRST": first, "SECOND": second, "END": "yes"}
    assert dict(dotenv_values(stream=StringIO(text), interpolate=False)) == wanted
    assert parse_environment_file(text) == wanted


@given(lines.filter(lambda text: "$" not in text))
def test_nginx_parameters_are_read_back_as_one_parameter(value: str) -> None:
    parsed = crossplane.parse_string(f"directive {quoting.nginx(value)} tenantry;\nend;\n", check_ctx=False)
    tree = parsed["config"][0]["parsed"]
    # crossplane resolves escaped quotes as nginx does, and leaves escaped backslashes to its caller.
    directives = [
        [node["directive"], *(word.replace("\\\\", "\\") for word in node["args"])] for node in tree
    ]
    assert directives == [["directive", value, "tenantry"], ["end"]]


@given(lines)
def test_unit_words_are_read_back_as_one_word(value: str) -> None:
    text = f"[Service]\nReadWritePaths={quoting.systemd(value)}\nEnd=yes\n"
    directives = parse_unit(text)["Service"]
    assert [name for name, _ in directives] == ["ReadWritePaths", "End"]
    assert split_words(expand_specifiers(directives[0][1])) == [value]


@given(st.lists(lines, min_size=1, max_size=4))
def test_a_units_command_is_read_back_word_for_word(argv: list[str]) -> None:
    text = f"[Service]\nExecStart={quoting.systemd_command(argv)}\n"
    ((name, value),) = parse_unit(text)["Service"]
    words = split_words(expand_specifiers(value))
    assert name == "ExecStart"
    assert [word.replace("$$", "$") for word in words] == argv
    assert not any("$" in word.replace("$$", "") for word in words)


@given(lines.filter(lambda text: text == text.strip() and not text.endswith("\\")))
def test_a_whole_unit_value_is_read_back(value: str) -> None:
    text = f"[Service]\nLoadCredential=env:{quoting.systemd_line(value)}\nEnd=yes\n"
    directives = parse_unit(text)["Service"]
    assert expand_specifiers(directives[0][1]) == f"env:{value}"
    assert len(directives) == 2


def supervised(program: Program) -> ProcessConfig:
    """Read a rendered program with supervisord's own reader."""
    parser = UnhosedConfigParser()
    parser.read_string(supervisor_program(program))
    (section,) = parser.sections()
    (process,) = ServerOptions().processes_from_section(parser, section, program.name)
    return process


def supervisor_can_hold(text: str) -> bool:
    return text == text.strip() and not any(f" {mark}" in f" {text}" for mark in ";#")


@given(
    st.lists(lines.filter(supervisor_can_hold), min_size=1, max_size=3),
    lines.filter(lambda text: supervisor_can_hold(text) and '"' not in text and text == text.strip("'")),
)
def test_a_supervised_program_is_read_back_by_supervisord(words: list[str], value: str) -> None:
    argv = ("/usr/bin/python", *words)
    program = Program(
        "tenant-dupont", argv, Path("/srv/a%b"), Path("/var/log/a.log"), {"KEY": value, "B": "b"}
    )
    if not supervisor_can_hold(shlex.join(argv)):
        with pytest.raises(ValueError, match="comment"):
            supervisor_program(program)
        return
    process = supervised(program)
    assert tuple(shlex.split(process.command)) == argv
    assert process.directory == "/srv/a%b"
    assert process.environment == {"KEY": value, "B": "b"}


@pytest.mark.parametrize(
    "quote", [quoting.dotenv, quoting.nginx, quoting.systemd, quoting.systemd_line, quoting.supervisor]
)
@pytest.mark.parametrize("character", ["\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028"])
def test_no_format_is_ever_given_a_line_break_or_control(quote: Callable[[str], str], character: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        quote(f"a{character}b")


@pytest.mark.parametrize(
    ("quote", "value"),
    [
        (quoting.dotenv, "${HOME}"),
        (quoting.nginx, "$uri"),
        (quoting.systemd_line, "ends with a backslash\\"),
        (quoting.systemd_line, " begins with a space"),
        (quoting.supervisor, "a ;comment"),
        (quoting.supervisor, "#comment"),
        (quoting.supervisor, "ends with a space "),
        (quoting.plain, "two words"),
        (quoting.plain, "a;b"),
        (quoting.plain, ""),
        (quoting.supervisor_environment, {"KEY": 'a "quote"'}),
        (quoting.supervisor_environment, {"KEY": "ends with a quote'"}),
        (quoting.supervisor_environment, {"A B": "x"}),
    ],
)
def test_what_a_format_cannot_express_is_refused(quote: Callable[[object], str], value: object) -> None:
    with pytest.raises(ValueError, match=r"holds|begins|plain"):
        quote(value)
