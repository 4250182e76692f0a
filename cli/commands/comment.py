"""`tradewind comment`: a difference as one comment of a pull request, updated in place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.commands.diff import compared, diff_gates, hold, usage_option
from cli.options import Gates, program_options

if TYPE_CHECKING:
    from cli.comments import Platform
    from cli.diff_document import Document
    from cli.difference import Side

__all__ = ["command"]


@click.command("comment")
@click.argument("base", required=False)
@click.argument("head", required=False)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A document of `tradewind diff --format json` in place of BASE and HEAD; nothing in it is trusted.",
)
@click.option("--repo", metavar="OWNER/NAME", help="The repository; in a pipeline, its own.")
@click.option(
    "--pr", "number", type=click.IntRange(min=1), metavar="N", help="Number of the pull or merge request."
)
@click.option(
    "--platform",
    type=click.Choice(("github", "gitlab")),
    default=None,
    help="Where; by default where the pipeline runs, otherwise GitHub.",
)
@click.option(
    "--expect-head",
    "expected",
    metavar="SHA",
    help="Write only if the pull request stands at this commit.",
)
@click.option("--tag", default="", metavar="TEXT", help="Tells several comments of one pull request apart.")
@click.option("--dry-run", is_flag=True, help="Print the comment; send nothing.")
@program_options
@usage_option
@diff_gates
def command(
    base: str | None,
    head: str | None,
    source: Path | None,
    repo: str | None,
    number: int | None,
    platform: str | None,
    expected: str | None,
    tag: str,
    dry_run: bool,
    usage: Path | None,
    gates: Gates,
    **options: Any,
) -> None:
    """Write what changes from BASE to HEAD as one comment, over the one that is there.

    The token is read from GITHUB_TOKEN, or GITLAB_TOKEN or CI_JOB_TOKEN; the address of the interface from
    GITHUB_API_URL or CI_API_V4_URL.
    """
    chosen = platform or ("gitlab" if os.environ.get("GITLAB_CI") else "github")
    # What is missing is said before minutes of planning.
    forge = None if dry_run else _forge(chosen, repo, number)
    sides: list[tuple[str, Side, Side]] = []
    broken: list[str] = []
    if source is not None:
        if base or head:
            raise click.UsageError("--from FILE stands in place of BASE and HEAD.")
        if gates != Gates() or options["increase"] is not None or options["tenants"] or options["losses"]:
            raise click.UsageError(
                "Gates are held where the difference is made: give them to `tradewind diff`."
            )
        from cli.diff_document import parse

        document = parse(source)
    elif base and head:
        document, sides, broken = compared(base, head, usage, gates, options)
    else:
        raise click.UsageError("Name BASE and HEAD, or --from FILE.")
    _write(document, forge, chosen, expected, tag)
    hold(sides, broken)


def _forge(platform: str, repo: str | None, number: int | None) -> Platform:
    """The place of the comment, from options or from the pipeline's own variables. Sends nothing yet."""
    seen = os.environ
    repo = repo or seen.get("CI_PROJECT_PATH" if platform == "gitlab" else "GITHUB_REPOSITORY")
    told = seen.get("CI_MERGE_REQUEST_IID", "") if platform == "gitlab" else ""
    number = number or (int(told) if told.isascii() and told.isdigit() else None)
    if not repo or not number:
        raise click.UsageError("Name --repo OWNER/NAME and --pr N, or look at the comment with --dry-run.")
    if platform == "gitlab":
        from cli.comments.gitlab import GitLab

        return GitLab(repo, number, seen)
    from cli.comments.github import GitHub

    return GitHub(repo, number, seen)


def _write(document: Document, forge: Platform | None, platform: str, expected: str | None, tag: str) -> None:
    from cli.pages.diff_markdown import GITHUB, GITLAB, markdown, marker
    from cli.pages.inert import plain

    body = markdown(document, limit=GITLAB if platform == "gitlab" else GITHUB, tag=tag)
    if forge is None:
        click.echo(body, nl=False)
        return
    from cli.comments import publish, require_head

    if expected is not None:
        require_head(forge, expected)
    found = publish(forge, body, marker(tag))
    click.echo(f"{found.done} {plain(found.url)}".rstrip())
