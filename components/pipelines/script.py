"""Shell scripts of the pods that Argo runs besides the steps, in an image with AWS' command line.

They stop at the first command that fails. What they are told comes in variables, never in the script's text.
"""

from components.pipelines.tasks import Placed, filled, key_text

__all__ = ["DEAD_LETTER", "FOLDER", "GATE", "inputs_script"]

FOLDER = "/tmp"  # noqa: S108 - a pod's own
"""Where a pod may write, whoever it runs as."""

GATE = """\
set -eu
run=$(aws glue start-data-quality-ruleset-evaluation-run --cli-input-json "$REQUEST" --query RunId --output text)
while :; do
  sleep "${POLL_SECONDS:-30}"
  status=$(aws glue get-data-quality-ruleset-evaluation-run --run-id "$run" --query Status --output text)
  case "$status" in
    STARTING|RUNNING|STOPPING) ;;
    SUCCEEDED) break ;;
    *) echo "Glue ended with $status" >&2; exit 1 ;;
  esac
done
result=$(aws glue get-data-quality-ruleset-evaluation-run --run-id "$run" --query 'ResultIds[0]' --output text)
held=$(aws glue get-data-quality-result --result-id "$result" --query 'Score >= `1`' --output text)
if [ "$held" != True ]; then
  aws glue get-data-quality-result --result-id "$result" --query "RuleResults[?Result!='PASS']" >&2
  exit 1
fi
"""
"""Evaluates the request in `REQUEST`; fails with the rules that do not hold."""

DEAD_LETTER = """\
set -eu
[ "$STATUS" = Succeeded ] && exit 0
aws sqs send-message --queue-url "$QUEUE" --message-body "$BODY"
"""
"""Sends `BODY` to `QUEUE` unless the run succeeded."""


def inputs_script(placed: Placed) -> str:
    """Writes the version of each dataset and the execution key to files, which Argo reads."""
    lines = ["set -eu"]
    for dataset in placed.datasets:
        file = f"{FOLDER}/version-{dataset.name}"
        lines.append(
            f"aws glue get-table --database-name {dataset.database} --name {dataset.table} "
            f"--query Table.Parameters.metadata_location --output text | tr -d '\\n' > {file}"
        )
        # Without the parameter the command line prints a word of its own.
        lines.append(f'grep -q "^s3://" {file}')
    text = filled(
        key_text(placed.digest, placed.datasets),
        lambda placeholder: f"$(cat {FOLDER}/version-{placeholder.partition(':')[2]})",
    )
    lines.append(f"printf '%s' \"{text}\" | sha256sum | cut -d ' ' -f 1 | tr -d '\\n' > {FOLDER}/key")
    return "\n".join(lines) + "\n"
