"""What the pages of a difference say, and that a stranger's text in them does nothing."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from cli.diff_document import Property
from cli.pages import inert
from cli.pages.diff import draw
from cli.pages.diff_html import html
from cli.pages.diff_markdown import GITHUB, GITLAB, markdown, marker
from cli.pages.diff_words import biggest, reason, sentence, signed
from tests.cli.differences import EVIL, amounts, charged, document, environment, hostile, region, row, rule

OURS = {
    "p",
    "strong",
    "br",
    "ul",
    "li",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "details",
    "summary",
    "sub",
}
"""Tags that a comment may render to."""
REFERENCE = re.compile(r"(?<!\w)[@#!~%&^]\w|https?://|(?i:www)\.|:\w+:|[\w.]@\w")


def rendered(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


class Page(HTMLParser):
    """Tags, attributes, and the text that is outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = self.code = ""
        self._open: list[str] = []
        self.comments: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}
        if tag == "code":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.code += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


@pytest.mark.parametrize("limit", [GITHUB, GITLAB])
def test_a_strangers_text_is_inert_in_a_comment(limit: int) -> None:
    page = Page(rendered(markdown(hostile(), limit=limit)))
    assert page.tags <= OURS
    assert {name for name, _ in page.attributes} <= {"style"}, "columns are aligned, nothing else"
    assert {value for _, value in page.attributes} <= {"text-align:right", "text-align:left"}
    assert page.comments == [" tradewind-diff: "]
    assert not REFERENCE.search(page.text), REFERENCE.search(page.text)
    assert "octocat" in page.text + page.code
    assert not re.search("[\u202a-\u202e\u200b]", page.text + page.code)
    assert not any(line.startswith("/") for line in markdown(hostile()).splitlines())


@given(st.text(max_size=200))
def test_any_text_is_one_inert_line(text: str) -> None:
    for made in (inert.prose(text), inert.code(text)):
        assert "\n" not in made
        page = Page(rendered(f"| a | b |\n| - | - |\n| x {made} | y |"))
        assert page.tags <= OURS
        assert rendered(f"| a | b |\n| - | - |\n| x {made} | y |").count("<td>") == 2
        assert not REFERENCE.search(page.text.replace("a\nb", ""))


@given(st.text(max_size=100) | st.text("`|\\\\ a<", max_size=20))
def test_code_is_one_whole_span_in_its_cell(text: str) -> None:
    page = rendered(f"| a | b |\n| - | - |\n| {inert.code(text)} | y |")
    cells = re.findall(r"<td>(.*?)</td>", page, re.DOTALL)
    assert len(cells) == 2 and cells[1] == "y"
    assert cells[0].startswith("<code>") and cells[0].endswith("</code>")
    shown = Page(page).code
    assert shown == (inert.plain(text, 120).replace("`", "ʼ").replace("|", "¦").strip() or "-")


@given(st.text(max_size=100))
def test_inert_text_reads_as_it_was(text: str) -> None:
    line = inert.plain(text)
    shown = Page(rendered(f"x{inert.prose(text)}x")).text.replace(inert.JOINER, "")
    assert shown.strip("\n") == f"x{line}x"


def test_a_strangers_text_is_inert_on_the_page() -> None:
    page = Page(html(hostile()))
    assert not page.tags & {"img", "a", "script", "iframe", "b", "link", "form"}
    assert not any(name.startswith("on") or name in ("src", "href") for name, _ in page.attributes)
    assert page.comments == []
    text = html(hostile())
    assert "default-src 'none'" in text
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert style and "url(" not in style and "@import" not in style, "the page fetches nothing"


def test_a_strangers_text_is_plain_at_a_terminal() -> None:
    file = io.StringIO()
    draw(Console(file=file, width=200, force_terminal=True), hostile("\x1b[31mred [bold]x[/] \x07\u202e"))
    shown = file.getvalue()
    assert "\x07" not in shown and "\u202e" not in shown
    assert "\x1b[31mred" not in shown
    assert "[bold]x[/]" in shown


def test_the_marker_takes_no_text_out_of_its_comment() -> None:
    assert marker("a-->b") == "<!-- tradewind-diff:a-b -->"
    assert marker("x--" * 3).count("--") == 2


@pytest.mark.parametrize("limit", [2_000, 10_000, GITHUB])
@pytest.mark.parametrize("size", [0, 3, 3000])
def test_a_comment_keeps_to_its_size_with_sentence_and_marker(limit: int, size: int) -> None:
    rows = [row(f"r{index}{'é' * 60}", 0, index + 1) for index in range(size)]
    text = markdown(document(environment("prod", *rows)), limit=limit, tag="t")
    assert len(text.encode()) <= limit
    assert text.startswith("**prod: ")
    assert text.rstrip().endswith(marker("t"))
    assert text.count("<details>") == text.count("</details>")


def test_a_hostile_document_of_any_size_keeps_to_the_limit() -> None:
    many = hostile("@" * 1000 + "`|<" * 1000)
    copies = [
        each.model_copy(update={"name": f"{index}{each.name}"})
        for index in range(60)
        for each in many.environments
    ]
    whole = many.model_copy(update={"environments": tuple(copies)})
    assert len(markdown(whole, limit=GITHUB).encode()) <= GITHUB


def test_five_come_first_and_the_rest_is_folded() -> None:
    rows = [row(f"r{index}", 0, 10 * index) for index in range(1, 9)]
    text = markdown(document(environment("prod", *rows)))
    above, below = text.split("<details>", 1)
    assert all(f"`r{index}`" in above for index in (8, 7, 6, 5, 4))
    assert all(f"`r{index}`" in below and f"`r{index}`" not in above for index in (3, 2, 1))


def test_data_stores_come_before_everything_else() -> None:
    store = row("orders", 5, 5, operation="replace", replaces=("hashKey",), holds_data=True, loses_data=True)
    text = markdown(document(environment("prod", row("web", 0, 900), store)))
    assert text.index("orders") < text.index("`web`")
    assert "is replaced because of hashKey: its data is lost" in text
    assert "1 data store would lose what is in it" in text


def test_unchanged_environments_take_one_line() -> None:
    text = markdown(document(environment("prod", row("web", 0, 9)), environment("dev"), environment("qa")))
    assert text.splitlines()[0].endswith("2 others unchanged.")
    assert sum("`dev`" in line or "dev" in line for line in text.splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cost": amounts(48160, 49364)}, "prod: +$1,204 a month (+2.5 %), no rule broken."),
        ({"rules": (rule(),), "mandatory_after": 1}, "prod: no change in cost, 1 rule broken."),
        ({"cost": amounts(0, 30), "in_base": False}, "prod: new, +$30 a month, no rule broken."),
        ({"cost": amounts(30, 0), "in_head": False}, "prod: removed, -$30 a month."),
        ({"cost": amounts(9, 9, 12)}, "prod: unchanged, $9.00 a month."),
        ({"cost": amounts(8, 9), "mandatory_after": 2}, "prod: +$1.00 a month (+12.5 %), no further rule broken."),
        ({"newly_unpriced": ("x",), "rules": (rule("fixed"),)}, "prod: no change in cost, 1 more resource unpriced, no rule broken."),
    ],
)  # fmt: skip
def test_the_sentence(fields: dict[str, object], said: str) -> None:
    assert sentence(environment("prod", **fields)) == said


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        ([("a", "yes", "yes"), ("b", "degraded", "degraded")], "still survives any one region."),
        ([("a", "no", "yes"), ("b", "yes", "yes")], "now survives any one region."),
        ([("a", "yes", "no"), ("b", "yes", "yes")], "no longer survives the loss of a."),
        ([("a", "no", "no"), ("b", "", "no")], "still does not survive the loss of a and b."),
        ([("a", "", "no")], "does not survive the loss of a."),
        ([("a", "yes", "unknown")], "whether it survives the loss of a is unknown."),
    ],
)
def test_the_sentence_on_survival(regions: list[tuple[str, str, str]], said: str) -> None:
    found = environment("prod", row("x", 1, 2), regions=tuple(region(*each) for each in regions))
    assert sentence(found).endswith(f", {said}")
    assert any(each.before != each.after for each in found.regions) == bool(found.changed_regions)


def test_the_reason_names_property_and_component() -> None:
    charge = charged("instance", (70, 140), (90, 180), "$0.1 to $0.2 per Hrs")
    found = row(
        properties=(Property(path="tags.a", before="", after=""), Property(path="instanceType", before="m5.large", after="m5.xlarge")),
        charges=(charge,),
    )  # fmt: skip
    assert reason(found) == (
        "changed: instanceType m5.large → m5.xlarge and tags.a; instance $70 → $140 ($0.1 to $0.2 per Hrs)"
    )


def test_charges_of_several_regions_are_one() -> None:
    charges = tuple(charged("writes", (0, 5), (0, 9), "new", name) for name in "abc")
    assert reason(row(operation="create", charges=charges)) == "added; writes $15 in 3 regions"


@pytest.mark.parametrize(
    ("why", "before", "said"),
    [("limits", 10, "further nodes ceiling $10 → $25 (limits)"), ("new", 0, "further nodes ceiling $25")],
)
def test_a_charge_that_is_expected_to_stay_says_its_ceiling(why: str, before: int, said: str) -> None:
    charge = charged("further nodes", (0, 0), (before, 25), why)
    assert reason(row(operation="update", charges=(charge,))) == f"changed; {said}"


def test_rows_that_move_nothing_are_not_among_the_biggest() -> None:
    assert biggest(document(environment("prod", row("idle", 5, 5), row("gone", operation="delete")))) == []


def test_signed_amounts() -> None:
    assert [signed(Decimal(text)) for text in ("1204", "-30", "0", "0.001", "-2.5")] == [
        "+$1,204", "-$30", "$0", "+<$0.01", "-$2.50",
    ]  # fmt: skip


def test_the_evil_text_is_evil() -> None:
    """Without escaping it would do what the tests above look for."""
    page = Page(rendered(EVIL))
    assert page.tags & {"img", "a"}
    assert REFERENCE.search(page.text)
