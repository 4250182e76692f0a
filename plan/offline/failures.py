"""One message for each way in which a run can fail: where, what, why, and the way out."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

from plan.offline.process import Limits, Outcome
from plan.project import Program
from problems import Missing, Problem

__all__ = ["problem_of"]

_FIXTURES = "tradewind.fixtures.yaml"
_MOST_LINES = 60
_INDENT = " " * 11
"""Under what follows `got` in a problem."""


def problem_of(program: Program, outcome: Outcome, limits: Limits) -> Problem | Missing:
    """What to tell about an outcome without a graph."""
    error = (outcome.document or {}).get("error")
    if error is None:
        return _without_answer(program, outcome, limits)
    if error["kind"] == "no-sdk":
        return Missing(
            f"{program.python} lacks the Pulumi SDK that the program needs: {program.python} -m pip install -r requirements.txt"
        )
    return _BY_KIND.get(error["kind"], _exception)(program, error, limits)


def _without_answer(program: Program, outcome: Outcome, limits: Limits) -> Problem:
    place = _program_place(program)
    if outcome.timed_out:
        return Problem(
            _at(program, outcome.where), "", f"no end after {limits.timeout:g} s",
            "the program hangs, waits for something outside, or is very large",
            "end what it waits for, or give it more time with --timeout SECONDS",
        )  # fmt: skip
    code = outcome.code
    # What it printed is not quoted: nobody has taken its secrets out.
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return Problem(
            place, "", f"the program's process was ended by {name}",
            f"a library crashed, or it needed more than {limits.memory_mib} MiB of memory",
            "find the library with `python -X faulthandler`, or allow more memory",
        )  # fmt: skip
    return Problem(
        place, "", f"the program ended its own process with exit code {code}",
        "it did not come to its end, so what it would have made is not known",
        "do without os._exit, and let errors be exceptions",
    )  # fmt: skip


def _exception(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    return Problem(
        _at(program, error["at"]),
        error.get("resource", ""),
        _said(error),
        "the program failed, so what it makes is not known",
        _hint(error),
    )


def _hint(error: dict[str, Any]) -> str:
    if error["type"] in ("AttributeError", "ImportError", "TypeError") and "pulumi" in error["message"]:
        return "compare the version of the provider's package with the one the program was written for"
    return "mend the program; `pulumi preview` fails in the same place"


def _config(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    key = error["key"]
    if error["missing"]:
        flag = " --secret" if error["secret"] else ""
        fix = f"pulumi config set{flag} {key} VALUE --stack {program.stack}   (writes {program.place})"
        return Problem(
            _at(program, error["at"]), key, "not set", "the program requires this configuration key", fix
        )
    return Problem(
        _at(program, error["at"]), key, error["message"].split("\n")[0],
        "the value does not have the type that the program asks for; what is encrypted is not read offline",
        f"correct it in {program.place}",
    )  # fmt: skip


def _told(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    """`pulumi.RunError`: the program's own words, line by line, as Pulumi shows them."""
    lines = error["message"].split("\n")
    kept = lines[:_MOST_LINES] + (
        [f"... and {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
    )
    return Problem(
        _at(program, error["at"]), error.get("resource", ""), f"\n{_INDENT}".join(kept) or error["type"],
        "the program refuses to go on, so what it makes is not known", "mend what it names",
    )  # fmt: skip


def _module(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    name = error["module"].partition(".")[0]
    package = name.replace("_", "-") if name.startswith("pulumi") else name
    return Problem(
        _at(program, error["at"]), "", f"no module named {error['module']}", "the program's interpreter does not have it",
        f"{program.python} -m pip install {package}   (or -r requirements.txt)",
    )  # fmt: skip


def _duplicate(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    first = f", the first one at {error['first']}" if error["first"] else ""
    return Problem(
        _at(program, error["at"]), error["urn"], f"a duplicate: the second resource of this type, name and parent{first}",
        "a URN names one resource", "give one of the two another name",
    )  # fmt: skip


def _data_source(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    arguments = json.dumps(error["arguments"], sort_keys=True, default=str)
    return Problem(
        _at(program, error["at"]), error["token"], f"asked with {arguments[:300]}",
        "the program needs the answer at once, and offline there is none",
        f"add it to {_FIXTURES} in the project folder: "
        f"{{data_sources: {{\"{error['token']}\": [{{answer: {{...}}}}]}}}}, or use the _output form",
    )  # fmt: skip


def _network(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    return Problem(
        _at(program, error["at"]), "", f"a connection to {error['target']}", "an offline plan has no network",
        "take the value from configuration or from a data source, which fixtures can answer",
    )  # fmt: skip


def _exit(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    said = error["message"] if not str(error["message"]).lstrip("-").isdigit() else ""
    return Problem(
        _at(program, error["at"]), "", f"sys.exit with code {error['code']}" + (f": {said}" if said else ""),
        "the program gave up before its end", "see what the program says above, and give it what it asks for",
    )  # fmt: skip


def _memory(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    return Problem(
        _at(program, error["at"]), "", "MemoryError", f"the program needs more than {limits.memory_mib} MiB of memory",
        "allow more memory, or let the program keep less",
    )  # fmt: skip


def _recursion(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    return Problem(
        _at(program, error["at"]), "", "RecursionError: maximum recursion depth exceeded",
        "a function calls itself without end, or more than about 1,000 resources wait for each other in one chain",
        "break the recursion or the chain",
    )  # fmt: skip


def _syntax(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    return Problem(
        _at(program, error["at"]), "", f"SyntaxError: {error['message']}",
        f"Python {error['python']}, the program's interpreter, cannot read it", "correct the line",
    )  # fmt: skip


def _property(program: Program, error: dict[str, Any], limits: Limits) -> Problem:
    missing = error["kind"] == "required"
    return Problem(
        _at(program, error["at"]), error["property"], _said(error),
        "the resource cannot be without it" if missing else "the resource has no such argument",
        f"pass {error['property']}=..." if missing else "compare the spelling with the provider's documentation",
    )  # fmt: skip


_BY_KIND: dict[str, Callable[[Program, dict[str, Any], Limits], Problem]] = {
    "config": _config,
    "data-source": _data_source,
    "duplicate": _duplicate,
    "exit": _exit,
    "keyword": _property,
    "memory": _memory,
    "module": _module,
    "network": _network,
    "recursion": _recursion,
    "required": _property,
    "syntax": _syntax,
    "told": _told,
}


def _said(error: dict[str, Any]) -> str:
    text = " ".join(error["message"].split())
    return f"{error['type']}: {text}"[:600] if text else str(error["type"])


def _program_place(program: Program) -> str:
    main = program.main / "__main__.py" if program.main.is_dir() else program.main
    return str(main.relative_to(program.folder)) if main.is_relative_to(program.folder) else str(main)


def _at(program: Program, place: str) -> str:
    return place or _program_place(program)
