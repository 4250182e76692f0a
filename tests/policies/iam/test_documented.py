"""The evaluator decides as AWS documents it: each case names the page that says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.iam import Context, Document, Kind, Outcome, Policies, Principal, Request, decide, read_document

FOLDER = Path(__file__).parent / "documented"
PAGES = FOLDER / "pages.yaml"
ANSWERS = {
    "allowed": (Outcome.ALLOWED, False),
    "explicitly denied": (Outcome.DENIED, True),
    "implicitly denied": (Outcome.DENIED, False),
}
KEYS = {
    "answer", "behind", "boundary", "context", "does", "endpoint", "fact", "identity", "owner", "page",
    "resource", "resource_control", "section", "service_control", "session", "trust", "who", "with",
}  # fmt: skip


def cases() -> Iterator[Any]:
    """Each case with what its sheet says of all of them; a bare list of statements is a policy of 2012."""
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name == PAGES.name:
            continue
        sheet = yaml.safe_load(path.read_text(encoding="utf-8"))
        for number, case in enumerate(sheet["cases"], 1):
            whole = {"page": sheet["page"], **sheet.get("defaults", {}), **case}
            yield pytest.param(whole, sheet["policies"], id=f"{path.stem}-{number}")


CASES = list(cases())


class Shelf:
    """A sheet's policies, read as whatever a case attaches them to."""

    def __init__(self, policies: Mapping[str, Any]) -> None:
        self.policies = policies

    def one(self, name: str | None, kind: Kind) -> Document | None:
        if name is None:
            return None
        body = self.policies[name]
        if isinstance(body, list):
            body = {"Version": "2012-10-17", "Statement": body}
        return read_document(body, kind=kind, name=name)

    def many(self, names: list[str] | None, kind: Kind) -> list[Document]:
        return [found for name in names or () if (found := self.one(name, kind))]


@pytest.mark.parametrize(("case", "policies"), CASES)
def test_a_case_is_decided_as_documented(case: dict[str, Any], policies: dict[str, Any]) -> None:
    shelf = Shelf(policies)
    request = Request(
        Principal.of(case["who"], behind=case.get("behind", "")),
        case["does"],
        case["with"],
        Context.of(case.get("context", {})),
        resource_account=case.get("owner", ""),
    )
    attached = Policies(
        identity=shelf.many(case.get("identity"), Kind.IDENTITY),
        resource=[
            *shelf.many(case.get("resource"), Kind.RESOURCE),
            *shelf.many(case.get("trust"), Kind.TRUST),
        ],
        boundary=shelf.one(case.get("boundary"), Kind.BOUNDARY),
        session=shelf.many(case.get("session"), Kind.SESSION),
        service_control=[
            shelf.many(level, Kind.SERVICE_CONTROL) for level in case.get("service_control", ())
        ],
        resource_control=[
            shelf.many(level, Kind.RESOURCE_CONTROL) for level in case.get("resource_control", ())
        ],
        endpoint=shelf.one(case.get("endpoint"), Kind.ENDPOINT),
    )
    decision = decide(request, attached)
    said = f"{case['fact']} ({case['page']}): {decision}"
    assert (decision.outcome, decision.explicit) == ANSWERS[case["answer"]], said


def test_at_least_150_cases_name_their_source() -> None:
    pages = yaml.safe_load(PAGES.read_text(encoding="utf-8"))
    assert len(CASES) >= 150
    for parameters in CASES:
        case = parameters.values[0]
        assert isinstance(case, dict)
        assert set(case) <= KEYS, parameters.id
        assert case["section"] and case["fact"], parameters.id
        page = pages[case["page"]]
        assert page["book"] and page["url"].startswith("https://docs.aws.amazon.com/"), parameters.id
    assert {parameters.values[0]["page"] for parameters in CASES} == set(pages)  # type: ignore[index, call-overload]
