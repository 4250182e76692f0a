#!/usr/bin/env bash
# The step "Compare" of action.yml: writes the difference and the number of the pull request into a folder
# that is uploaded, and the command's exit code into a file, so that a broken gate is told after the upload.
set -euo pipefail
tradewind=$RUNNER_TEMP/tradewind/bin/tradewind
out=$RUNNER_TEMP/tradewind-diff
mkdir -p "$out"

base=$BASE
if [[ -z $base ]]; then
	# A pull request is checked out as it would be merged: the first parent is what it is merged into.
	if git rev-parse --verify --quiet "HEAD^1^{commit}" >/dev/null; then
		base="git:HEAD^1"
	else
		git fetch --quiet --no-tags --depth=1 origin "${MERGED_INTO:?name the input base, or check out with fetch-depth: 2}"
		base="git:$MERGED_INTO"
	fi
fi

arguments=()
[[ -z $STACK ]] || arguments+=("--stack=$STACK")
[[ -z $BUDGET ]] || arguments+=("--budget=$BUDGET")
[[ -z $MAX_INCREASE ]] || arguments+=("--max-increase=$MAX_INCREASE")
while IFS= read -r ceiling; do
	[[ -z $ceiling ]] || arguments+=("--tenant-ceiling=$ceiling")
done <<<"$TENANT_CEILINGS"
read -ra gates <<<"$REQUIRE"
for gate in "${gates[@]}"; do
	arguments+=("--require-$gate")
done

code=0
"$tradewind" diff --format json -o "$out/diff.json" "${arguments[@]}" -- "$base" "$TARGET" || code=$?
echo "$code" >"$RUNNER_TEMP/tradewind-code"
if [[ -f $out/diff.json ]]; then
	"$tradewind" comment --dry-run --from "$out/diff.json" >>"$GITHUB_STEP_SUMMARY"
	echo "${NUMBER:-}" >"$out/number"
fi
