#!/usr/bin/env bash
# Fuzzes one target from its committed corpus. Ends with executions, coverage and finds; fails when there are finds.
#   fuzz.sh BINARY TARGET SECONDS FOLDER   another seed each time. New inputs and finds are kept in FOLDER.
#   fuzz.sh BINARY TARGET SECONDS --gate   always the same inputs (one seed, one thread, no random addresses): a gate
#                                          judges the change before it, not its luck.
set -euo pipefail
binary=$1 target=$2 seconds=$3 folder=$4
here=$(cd "$(dirname "$0")" && pwd)
export TMPDIR
TMPDIR=$(mktemp -d)
trap 'rm -rf "$TMPDIR"' EXIT
seed=0 fixed_addresses=()
if [[ $folder == --gate ]]; then
  folder=$TMPDIR/new seed=1
  setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)
fi
mkdir -p "$folder/corpus" "$folder/finds"

# A single allocation of a gigabyte, two gigabytes in all, or 20 seconds for one input, are finds. bad_alloc is an answer.
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 OMP_NUM_THREADS=1
status=0
"${fixed_addresses[@]}" "$binary" -seed="$seed" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 -max_len=16384 \
  -print_final_stats=1 -verbosity=1 -artifact_prefix="$folder/finds/" "$folder/corpus" "$here/corpus/$target" \
  >"$folder/log" 2>&1 || status=$?
executions=$(grep -oP 'stat::number_of_executed_units: \K\d+' "$folder/log" || echo 0)
coverage=$(grep -oP 'cov: \K\d+ ft: \d+' "$folder/log" | tail -n 1 || echo 0)
finds=$(find "$folder/finds" -type f | wc -l)
echo "$target: $executions executions, coverage $coverage, $finds finds"
if [[ $status -ne 0 || $executions -eq 0 ]]; then
  tail -n 60 "$folder/log"
  exit 1
fi
