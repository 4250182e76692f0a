"""What the engine says when it fails, as collected from it, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.events import Failure
from deploy.failures import told

FOLDER = Path("/home/me/project")
TRACEBACK = """Program failed with an unhandled exception:
Traceback (most recent call last):
  File "/usr/bin/pulumi-language-python-exec", line 188, in run
    runpy.run_path(args.PROGRAM, run_name="__main__")
  File "<frozen runpy>", line 304, in run_path
  File "/home/me/project/stacks/__main__.py", line 98, in <module>
    main()
  File "/home/me/project/.venv/lib/python3.11/site-packages/pulumi/output.py", line 12, in apply
    1/0
    ~^~
ZeroDivisionError: division by zero"""


def command(stderr: str, code: int = 1) -> str:
    """A failed command as the Automation API words it."""
    return f"\n code: {code}\n stdout: Previewing update (dev):\n\n stderr: {stderr}\n"


@pytest.mark.parametrize(
    ("stderr", "message", "fix", "missing"),
    [
        (
            "error: getting stack configuration: get stack secrets manager: incorrect passphrase",
            "the passphrase is not the one",
            "PULUMI_CONFIG_PASSPHRASE",
            False,
        ),
        (
            "error: getting stack configuration: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
            "encrypted with a passphrase",
            "PULUMI_CONFIG_PASSPHRASE_FILE",
            True,
        ),
        (
            'SDK 2026/11/23 13:45:12 WARN falling back to IMDSv1\nerror: read ".pulumi/meta.yaml": blob (key ".pulumi/meta.yaml") (code=Unknown): operation error S3: GetObject, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found',
            "no valid AWS credentials",
            "AWS_PROFILE",
            True,
        ),
        (
            'error: unable to open state directory "file:///nowhere": stat /nowhere: no such file or directory',
            "no folder file:///nowhere",
            "create it",
            False,
        ),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "not logged in",
            "pulumi login",
            True,
        ),
        (
            "error: no resource plugin 'pulumi-resource-aws' found in the workspace at version v7.51.1 or on your $PATH",
            "the plugin pulumi-resource-aws v7.51.1 is not installed",
            "pulumi plugin install resource aws v7.51.1",
            True,
        ),
        (
            "error: failed to load language plugin python: no language plugin 'pulumi-language-python' found in the workspace or on your $PATH",
            "pulumi-language-python is not beside the engine",
            "install",
            True,
        ),
        (
            "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.\n  file:///state/.pulumi/locks/organization/tradewind/dev/a.json?no_tmp_dir=true: created by x@y (pid 1) at 2026-11-23T13:00:00Z",
            "locked by x@y (pid 1) at 2026-11-23T13:00:00Z",
            "pulumi cancel",
            False,
        ),
        ("error: no stack named 'nix' found", "no stack nix", "pulumi stack ls", False),
        ("error: something nobody has met", "something nobody has met", "", False),
    ],
)
def test_every_way_of_failing_has_one_message(stderr: str, message: str, fix: str, missing: bool) -> None:
    noise = "warning: using pulumi-language-python from $PATH at /usr/bin/pulumi-language-python\n"
    (failure,) = told((), command(noise + stderr), FOLDER)
    assert message in failure.message
    assert fix in failure.fix
    assert failure.missing is missing
    assert "warning:" not in failure.message


def test_an_exception_of_the_program_is_its_last_line_and_the_program_s_own_line() -> None:
    (failure,) = told([Failure(TRACEBACK)], command(""), FOLDER)
    assert failure.message == "ZeroDivisionError: division by zero"
    assert failure.place == "stacks/__main__.py:98"


def test_that_the_program_ended_is_told_only_where_it_did_not_say_why() -> None:
    ended = Failure("an unhandled error occurred: program exited with non-zero exit code: 1")
    assert [it.message for it in told([Failure("no such cell"), ended], command(""), FOLDER)] == [
        "no such cell"
    ]
    assert [it.message for it in told([ended], command(""), FOLDER)] == [
        "program exited with non-zero exit code: 1"
    ]


def test_what_was_called_off_because_something_else_failed_is_left_out() -> None:
    first = Failure("AccessDenied\n\nupdate failed", "urn:a")
    second = Failure("failed to run remediation: context canceled", "urn:b")
    (failure,) = told([first, second], command(""), FOLDER)
    assert (failure.message, failure.urn) == ("AccessDenied", "urn:a")


def test_an_engine_that_was_killed_is_said_to_be() -> None:
    (failure,) = told((), command("", code=-9), FOLDER)
    assert "SIGKILL" in failure.message
    assert "tradewind state" in failure.fix


def test_an_engine_that_says_nothing_still_failed() -> None:
    (failure,) = told((), "\n code: 1\n stdout: \n stderr: ", FOLDER)
    assert failure.message


def test_of_a_run_that_was_stopped_only_what_failed_besides_is_told() -> None:
    stopped = [Failure("failed to run policy: context canceled", "urn:b"), Failure("context canceled")]
    assert told(stopped, command(""), FOLDER, stopped=True) == ()
    besides = told([Failure("AccessDenied"), *stopped], command(""), FOLDER, stopped=True)
    assert [it.message for it in besides] == ["AccessDenied"]
    killed = told((), command("", code=-9), FOLDER, stopped=True)
    assert "SIGKILL" in killed[0].message


def test_a_plugin_that_ended_by_itself_is_named_with_the_last_it_said() -> None:
    wall = (
        "Detected that /bin/pulumi-resource-aws exited prematurely. \n       This is *always* a bug in the"
        " provider.\n       dumped STDOUT and STDERR:Traceback (most recent call last):\n"
        '  File "x.py", line 1, in <module>\nMemoryError: no more'
    )
    follows = Failure("could not read plugin [/bin/pulumi-resource-aws]: exit status 1", "urn:a")
    (failure,) = told([Failure(wall), follows], command(""), FOLDER)
    assert failure.message == "the plugin /bin/pulumi-resource-aws ended by itself: MemoryError: no more"


def test_where_a_broken_rule_was_all_there_was_nothing_else_is_told() -> None:
    assert told([Failure("preview failed")], command(""), FOLDER) == ()
