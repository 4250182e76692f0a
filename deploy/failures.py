"""Why the engine failed, in one sentence each, with the way out: from what it said.

What the engine says was collected by making it fail in each of these ways (version 3.259.0); what it says
otherwise is handed on in its own words.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.events import Failure

__all__ = ["explained", "told"]

_LINES = 12
"""Of what the engine says without an error of its own, the last lines."""
_EXCEPTION = "Program failed with an unhandled exception:"
_ENDED = re.compile(r"an unhandled error occurred: program exited with non-zero exit code: (\d+)")
_SAID_ANYWAY = frozenset({"update failed", "preview failed"})
_CALLED_OFF = re.compile(
    r"context canceled|code = Canceled|update cancell?ed|engine failed, and said nothing"
)
_FOLLOWS = re.compile(rf"{_ENDED.pattern}|{_CALLED_OFF.pattern}|could not read plugin \[")
_FRAME = re.compile(r'File "(?P<file>[^"<]+)", line (?P<line>\d+)')
_CODE = re.compile(r"\A\s*code: (-?\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Known:
    """Something the engine says, and what to say in its place; {0} is the first group of `pattern`."""

    pattern: re.Pattern[str]
    message: str
    fix: str
    missing: bool = False


def _known(pattern: str, message: str, fix: str, *, missing: bool = False) -> _Known:
    return _Known(re.compile(pattern, re.DOTALL), message, fix, missing)


_KNOWN = (
    _known(
        r"passphrase must be set with PULUMI_CONFIG_PASSPHRASE",
        "the stack's secrets are encrypted with a passphrase, and none is set",
        "set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that holds it",
        missing=True,
    ),
    _known(
        r"incorrect passphrase",
        "the passphrase is not the one that the stack's secrets were encrypted with",
        "set PULUMI_CONFIG_PASSPHRASE to the right one",
    ),
    _known(
        r"PULUMI_ACCESS_TOKEN must be set",
        "this machine is not logged in to the backend that keeps the state",
        "pulumi login URL, or set PULUMI_ACCESS_TOKEN",
        missing=True,
    ),
    _known(
        r"get credentials: |no EC2 IMDS role found|NoCredentialProviders|ExpiredToken",
        "there are no valid AWS credentials for the backend or the key of the secrets",
        "aws sso login, or set AWS_PROFILE; `tradewind doctor` says what this machine has",
        missing=True,
    ),
    _known(
        r'unable to open state directory "([^"]+)"',
        "there is no folder {0} to keep the state in",
        "create it, or name another backend for the environment",
    ),
    _known(
        r"no (?:resource|analyzer|language) plugin '([^']+)' found in the workspace at version (v[^\s]+)",
        "the plugin {0} {1} is not installed",
        "pulumi plugin install resource {2} {1}",
        missing=True,
    ),
    _known(
        r"no (?:resource|analyzer|language) plugin '([^']+)' found",
        "{0} is not beside the engine, nor on PATH",
        "install the whole engine: https://www.pulumi.com/docs/install/",
        missing=True,
    ),
    _known(
        r"failed to load checkpoint: (?:EOF|unexpected end of JSON input)",
        "the engine was killed while it wrote its state",
        "tradewind state ENV   (says what to do; the state is sound)",
    ),
    _known(
        r"Detected that (\S+) exited prematurely.*\n([^\n]+)$",
        "the plugin {0} ended by itself: {1}",
        "that is a defect of the plugin: see its issues, or install another version",
    ),
    _known(
        r"currently locked by .*?: created by (\S+ \(pid \d+\) at \S+)",
        "the stack is locked by {0}",
        "wait for it to end; if it is dead: pulumi cancel --stack STACK",
    ),
    _known(
        r"currently locked by|Another update is currently in progress",
        "another update of this stack is in progress",
        "wait for it to end; if it is dead: pulumi cancel --stack STACK",
    ),
    _known(
        r"violates plan: (.*)",
        "it is not what the saved plan says: {0}",
        "the program, the specification or what stands has changed since: make the plan again, and review it",
    ),
    _known(
        r"no stack named '([^']+)' found",
        "there is no stack {0}: nothing of it was ever deployed",
        "see the stacks that there are: pulumi stack ls",
    ),
    _known(
        r"failed to load Pulumi policy project located at \"([^\"]+)\"",
        "there is no policy pack in {0}",
        "name a folder with a PulumiPolicy.yaml",
    ),
)


def told(
    failures: Iterable[Failure], said: str, folder: Path, *, stopped: bool = False
) -> tuple[Failure, ...]:
    """Why a run of the project in `folder` failed; where it was `stopped`, only what failed besides.

    `failures` is what the engine reported of resources and the program, `said` the whole of a failed
    command. The noise around an error (progress, other people's tracebacks) is left out; nothing is left
    where a broken rule is all there was.
    """
    heard = list(failures)
    # That a program ended, or something was called off, is news only where nothing says why.
    why = [failure for failure in heard if not _FOLLOWS.search(failure.message)]
    found = why or heard or list(_from_command(said))
    if stopped:
        found = [failure for failure in found if not _CALLED_OFF.search(failure.message)]
    said_why = (explained(failure, folder) for failure in found)
    return tuple(dict.fromkeys(failure for failure in said_why if failure.message))


def explained(failure: Failure, folder: Path) -> Failure:
    """`failure` in words that say what to do, where the engine's own do not."""
    lines = failure.message.strip().splitlines()
    message = "\n".join(line for line in lines if line.strip() and line.strip() not in _SAID_ANYWAY)
    if message.startswith(_EXCEPTION):
        return _exception(failure, message, folder)
    if ended := _ENDED.search(message):
        fix = "run the program's stack with `pulumi preview` to see what it prints"
        return replace(failure, message=f"{ended[0].split(': ')[1]}: {ended[1]}", fix=fix)
    for known in _KNOWN:
        if match := known.pattern.search(message):
            parts = [group or "" for group in match.groups()]
            parts += [""] * (2 - len(parts))
            parts.append(parts[0].removeprefix("pulumi-resource-"))
            kept = known.message.format(*parts).strip()
            return replace(failure, message=kept, fix=known.fix.format(*parts), missing=known.missing)
    return replace(failure, message=message)


def _exception(failure: Failure, message: str, folder: Path) -> Failure:
    """The last line of a traceback, and the innermost line of it that is the program's own."""
    lines = [line for line in message.splitlines() if line.strip()]
    first = next((index for index, line in enumerate(lines) if line.startswith("Traceback")), 0)
    # The exception begins at the last line without indentation before which a frame stands.
    tail = next((index for index in range(len(lines) - 1, first, -1) if _FRAME.search(lines[index])), first)
    said = " ".join(line.strip() for line in lines[tail + 1 :] if not line.startswith(" "))
    frames = [(Path(match["file"]), match["line"]) for match in _FRAME.finditer(message)]
    place = next((f"{_shown(file, folder)}:{line}" for file, line in reversed(frames) if _is_own(file)), "")
    return replace(failure, message=said or lines[-1].strip(), place=place, fix="mend the program")


def _is_own(file: Path) -> bool:
    """Whether `file` is the project's: not an installed library, nor what runs the program."""
    parts = set(file.parts)
    return not parts & {"site-packages", "dist-packages"} and not any(
        part.startswith(("python3", "pulumi-language-python")) for part in parts
    )


def _shown(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else "/".join(file.parts[-2:])


def _from_command(said: str) -> Iterator[Failure]:
    """The errors in what a failed command printed, or how it ended where it printed none."""
    code = _CODE.search(said)
    if code and int(code[1]) < 0:
        name = signal.Signals(-int(code[1])).name
        fix = "`tradewind state` says what it left unfinished, and what to run"
        yield Failure(f"the engine was ended by {name}", fix=fix)
        return
    _, found, stderr = said.partition(" stderr: ")
    words = stderr if found else said
    errors = [part.strip() for part in re.split(r"^error: ", words, flags=re.MULTILINE)[1:]]
    lines = [line for line in words.splitlines() if line.strip() and not line.startswith("warning: ")]
    last = "\n".join(lines[-_LINES:]) or "the engine failed, and said nothing"
    yield from (Failure(error) for error in errors or [last])
