"""Reading a document with positions, and refusing what is no such document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from problems import InputError
from stacks import yaml_source

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def put(content: str | bytes) -> Path:
        path = tmp_path / "x.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


def test_every_value_and_key_has_its_place(write: Write) -> None:
    source = yaml_source.read(write("a: 1\nb:\n  - c: x\n    d: {e: 2}\n"))
    assert source.data == {"a": 1, "b": [{"c": "x", "d": {"e": 2}}]}
    assert source.place("b[0].d.e") == "x.yaml:4:12"
    assert source.place("b[0].d", of_key=True) == "x.yaml:4:5"
    assert source.place("b[0].c") == "x.yaml:3:8"


@pytest.mark.parametrize(
    ("path", "place"), [("b[0].z.y", "x.yaml:3:5"), ("z", "x.yaml:1:1"), ("b[7]", "x.yaml:3:3")]
)
def test_what_is_not_there_stands_where_it_should_be(write: Write, path: str, place: str) -> None:
    assert yaml_source.read(write("a: 1\nb:\n  - c: x\n")).place(path) == place


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-11-23", "2026-11-23"),
        ("012345678901", "012345678901"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("true", True),
        ("~", None),
        ("", None),
        ("-5", -5),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("'1'", "1"),
        ('"true"', "true"),
        (".nan", ".nan"),
    ],
)
def test_plain_scalars_follow_yaml_1_2(write: Write, text: str, value: object) -> None:
    read = yaml_source.read(write(f"a: {text}\n")).data["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        ("a:\n\tb: 1\n", "x.yaml:2:1", "a tab"),
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1", "the key stands in line 1 already"),
        ("a: [1\n", "x.yaml:2:1", "opened in line 1 is still open"),
        ('a: "1\n', "x.yaml:2:1", "close it in line 1"),
        ("a: *b\n", "x.yaml:1:4", "define the anchor above: &b"),
        ("a: &b 1\nc: &b 2\n", "x.yaml:2:4", "a name of its own"),
        ("a: 1\nb\n", "x.yaml:3:1", "in line 2 is neither key: value"),
        ("a: 1\n  b: 2\n", "x.yaml:2:4", "indent the line like its neighbours"),
        ("a:\n  - 1\n b: 2\n", "x.yaml:3:2", "indent it like the other entries"),
        ('a: "\\d"\n', "x.yaml:1:6", "use single quotes"),
        ("a: @b\n", "x.yaml:1:4", "put the value in quotes"),
        ("a: [,]\n", "x.yaml:1:5", "write the value"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2:1", "a specification is one document"),
        ("a: &x [*x]\n", "x.yaml:1:4", "it contains itself"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "x.yaml:2:5", "merge keys"),
        ("a: !!python/name:os.system x\n", "x.yaml:1:4", "tags are not used here"),
        ("a: !own {b: 1}\n", "x.yaml:1:4", "tags are not used here"),
        ("? [a]\n: 1\n", "x.yaml:1:3", "a key is text"),
        ("", "x.yaml", "no content"),
        ("# only a comment\n", "x.yaml", "no content"),
        ("ab: \x00\n", "x.yaml:1:5", "U+0000"),
        ("a: 1\nb: \x1b[31m\n", "x.yaml:2:4", "U+001B"),
        (b"a: 1\nb: \xff\n", "x.yaml:2:4", "0xff"),
        (b"\xff\xfea\x00", "x.yaml:1:1", "not UTF-8"),
        (b"a: " + b"x" * (1 << 20), "x.yaml", "files up to 1 MiB"),
        ("[" * 300_000, "x.yaml:1:61", "nested too deeply"),
        ("".join(f"{' ' * n}a:\n" for n in range(99)), "x.yaml:60:60", "nested too deeply"),
    ],
)
def test_what_is_no_specification_is_said_with_its_place(
    write: Write, content: str | bytes, place: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        yaml_source.read(write(content))
    (problem,) = caught.value.problems
    assert problem.place == place
    assert words in str(problem)
    assert problem.but and problem.fix


def test_aliases_that_multiply_are_stopped(write: Write) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InputError, match="expands to over 50,000 values"):
        yaml_source.read(write("\n".join(rows)))


def test_an_alias_that_does_not_multiply_is_fine(write: Write) -> None:
    assert yaml_source.read(write("a: &x [1]\nb: *x\n")).data == {"a": [1], "b": [1]}


def test_a_missing_file_names_the_one_that_was_meant(write: Write) -> None:
    path = write("a: 1")
    with pytest.raises(InputError, match=r"did you mean x\.yaml\?"):
        yaml_source.read(path.with_name("y.yaml"))
    with pytest.raises(InputError):
        yaml_source.read(path.parent)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(write: Write) -> None:
    source = yaml_source.read(write(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n"))
    assert source.data == {"a": 1, "b": 2}
    assert source.place("b") == "x.yaml:2:4"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "x.yaml"
    path.write_bytes(content)
    try:
        yaml_source.read(path)
    except InputError as error:
        assert error.problems and all(one.but and one.fix for one in error.problems)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text("abc: -#'\"n", max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc_", min_size=1), inner, max_size=3)
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, min_size=1), st.booleans())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object], flow: bool
) -> None:
    path = tmp_path_factory.mktemp("same") / "x.yaml"
    path.write_text(yaml.safe_dump(data, default_flow_style=flow))
    assert yaml_source.read(path).data == data
