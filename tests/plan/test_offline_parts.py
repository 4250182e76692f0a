"""Parts of the offline reader as functions: project files, policy documents, redaction, limits of tokens."""

from __future__ import annotations

import ast
import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan.offline.child.policy_document import policy_document
from plan.offline.child.redact import Redactor, worth_hiding
from plan.project import PLACEHOLDER, find
from plan.yaml_text import parse_yaml
from problems import InputError

ROOT = Path(__file__).parents[2]


def project(folder: Path, text: str, **files: str) -> Path:
    (folder / "Pulumi.yaml").write_text(text)
    (folder / "__main__.py").write_text("")
    for name, content in files.items():
        (folder / f"Pulumi.{name}.yaml").write_text(content)
    return folder


def test_configuration_as_the_command_line_passes_it(tmp_path: Path) -> None:
    folder = project(
        tmp_path,
        "name: shop\nruntime: {name: python, options: {virtualenv: none}}\n"
        "config: {size: {type: integer, default: 3}, aws:region: {value: eu-west-1}, plain: x, key: {secret: true, default: k}, unset: {type: string}}\n",
        dev="config:\n  shop:list: [1, {a: true}]\n  shop:on: true\n  shop:word: yes\n  shop:account: 012345670123\n  shop:day: 2026-01-01\n"
        "  shop:deep: {a: [{secure: xyz}]}\n  aws:region: us-east-2\n  shop:float: 1.50\n  shop:none:\nenvironment: [team/base]\n",
    )
    program = find(folder).program()
    assert program.stack == "dev"
    assert program.config == {
        "shop:size": "3", "shop:plain": "x", "shop:key": "k", "shop:list": '[1,{"a":true}]', "shop:on": "true", "shop:word": "yes",
        "shop:account": "012345670123", "shop:day": "2026-01-01", "shop:deep": f'{{"a":["{PLACEHOLDER}"]}}', "aws:region": "us-east-2",
        "shop:float": "1.5", "shop:none": "",
    }  # fmt: skip
    assert program.secret_keys == ("shop:deep", "shop:key")
    assert program.assumptions == (
        "the values of the Pulumi ESC environment team/base were not read",
        "the virtual environment none does not exist: the program ran on the packages of this command",
    )


def test_main_stack_folder_and_virtual_environment(tmp_path: Path) -> None:
    folder = project(tmp_path, "name: shop\nruntime: python\nmain: src\nstackConfigDir: conf\n")
    for name in ("src", "conf", "venv/bin"):
        (folder / name).mkdir(parents=True)
    (folder / "src/__main__.py").write_text("")
    (folder / "venv/bin/python").write_text("")
    for stack in ("prod", "dev"):
        (folder / f"conf/Pulumi.{stack}.yaml").write_text("")
    found = find(folder / "Pulumi.yaml")
    assert found.stacks == ("dev", "prod")
    program = found.program("acme/shop/prod")
    assert (program.stack, program.main, program.python) == (
        "prod",
        folder / "src",
        folder / "venv/bin/python",
    )
    with pytest.raises(InputError, match="dev, prod"):
        found.program()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: shop\nruntime: nodejs\n", "--show-sames"),
        ("name: shop\nruntime: {name: go}\n", "`runtime: python` only"),
        ("name: shop\n", "names its runtime"),
        ("runtime: python\n", "needs a name"),
        ("name: shop\nruntime: python\nmain: gone\n", "no such file or folder"),
        ("name: [a\nruntime: python\n", "Pulumi.yaml:2"),
        ("- a\n", "keys with values"),
        ("name: shop\nruntime: python\nconfig: [a]\n", "keys with values"),
    ],
)
def test_what_is_no_project_in_python_is_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        find(project(tmp_path, text)).program("dev")
    assert said in str(caught.value)


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "no Pulumi.yaml"), (tmp_path / "gone", "no such folder")):
        with pytest.raises(InputError, match=said):
            find(path)


def test_a_policy_document_is_rendered_as_the_provider_does() -> None:
    """Falling order without duplicates, one as text, conditions in the order given, Go's escapes."""
    answer = policy_document(
        {
            "statements": [
                {
                    "sid": "Read",
                    "actions": ["s3:GetObject", "s3:PutObject", "s3:GetObject"],
                    "resources": ["arn:aws:s3:::b/&{aws:username}"],
                    "principals": [
                        {"type": "Service", "identifiers": ["b", "c"]},
                        {"type": "AWS", "identifiers": ["*"]},
                    ],
                    "conditions": [
                        {"test": "StringLike", "variable": "s3:prefix", "values": ["a<", "z", "b"]}
                    ],
                },
                {"effect": "Deny", "notActions": ["*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
            ]
        }
    )
    assert answer["json"].startswith(
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Sid": "Read",'
    )
    assert "a\\u003c" in answer["json"]
    assert list(json.loads(answer["json"])["Statement"][0]) == [
        "Sid",
        "Effect",
        "Action",
        "Resource",
        "Principal",
        "Condition",
    ]
    assert json.loads(answer["json"])["Statement"] == [
        {
            "Sid": "Read", "Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject"], "Resource": "arn:aws:s3:::b/${aws:username}",
            "Principal": {"AWS": "*", "Service": ["c", "b"]}, "Condition": {"StringLike": {"s3:prefix": ["a<", "z", "b"]}},
        },
        {"Effect": "Deny", "NotAction": "*", "Principal": "*"},
    ]  # fmt: skip
    assert json.loads(answer["minifiedJson"]) == json.loads(answer["json"])


def test_policy_documents_are_merged_by_sid() -> None:
    def document(sid: str, effect: str) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": {"Sid": sid, "Effect": effect}})

    answer = policy_document(
        {
            "sourcePolicyDocuments": [document("a", "Allow"), document("b", "Allow")],
            "overridePolicyDocuments": [document("b", "Deny")],
            "statements": [{"sid": "c"}],
        }
    )
    assert [(item["Sid"], item["Effect"]) for item in json.loads(answer["json"])["Statement"]] == [
        ("a", "Allow"),
        ("b", "Deny"),
        ("c", "Allow"),
    ]
    with pytest.raises(ValueError, match="duplicate Sid"):
        policy_document({"statements": [{"sid": "a"}, {"sid": "a"}]})


secrets = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=9, max_size=40
).filter(worth_hiding)


@given(secrets, st.text(max_size=10), st.text(max_size=10))
def test_a_secret_is_found_in_every_form(secret: str, before: str, after: str) -> None:
    redactor = Redactor()
    redactor.add(secret)
    whole = before + secret + after
    texts: tuple[Any, ...] = (
        whole,
        json.dumps(whole),
        json.dumps(json.dumps(whole)),
        base64.b64encode(whole.encode("utf-8", "replace")).decode(),
    )
    for text in texts:
        assert redactor.hides(text)
        assert redactor(text) != text
        assert secret not in redactor(text)


@pytest.mark.parametrize("text", ["true", "5432", "us-east-1", "eu-central-1a", "admin", "abc", ""])
def test_everybodys_words_are_not_hunted(text: str) -> None:
    redactor = Redactor()
    redactor.add(text)
    assert not redactor.hides(f"x{text}y")


def test_a_secret_that_looks_like_a_token_is_hidden() -> None:
    """Only what this run made stands for a value nobody knows."""
    real, secret = "${urn:pulumi:dev::shop::a:b:C::c#url}", "${urn:pulumi:hunter2#x}"
    redactor = Redactor(lambda text: text == real)
    for text in (real, secret):
        redactor.add(text)
    assert redactor(f"{real} {secret}") == f"{real} [secret]"


@pytest.mark.parametrize(
    "text",
    [
        "a: *{}", "a: !{} b", "a: !!int {}", "a: !!bool {}", "a: &{0} 1\nb: &{0} 2", "a: !{}!x y",
        "config:\n  a: {{{0}: 1, {0}: 2}}", "a: '{}", "a: {}: b", "a: {}\n\tb: c", "a: !!timestamp {}", "? [{}]\n: b",
    ],
)  # fmt: skip
def test_a_message_about_yaml_quotes_no_value(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text.format("hunter2hunter2"), "Pulumi.dev.yaml")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert re.match(r"Pulumi\.dev\.yaml:\d+:\d+$", caught.value.problems[0].place)


def test_a_map_with_a_secret_in_it_does_not_hide_the_rest() -> None:
    redactor = Redactor()
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    redactor.collect(
        {"variables": {**mark, "value": {"MODE": "fast-and-loose", "PW": {**mark, "value": "hunter-2222"}}}}
    )
    assert not redactor.hides("fast-and-loose")
    redactor.collect({"password": {**mark, "value": "hunter-2222"}})
    assert redactor.hides("hunter-2222")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "plan/offline/child").glob("*.py")), ids=lambda path: path.stem
)
def test_the_child_runs_on_python_310(path: Path) -> None:
    """In grammar; and it imports nothing of ours but its neighbours."""
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {
        str(node.module).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    assert not names & {"plan", "problems", "components", "policies", "finops", "stacks", "cli"}
