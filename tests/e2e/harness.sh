# Sourced by every script; the arguments are the built programs. Runs in an empty folder; the sources are in $SOURCE.
set -u
DSQUANT=$1 SAMPLE_DATA=$2 SAMPLE_ACCURACY=$3
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

die() { echo "FAILED: $*"; head -50 log; exit 1; }
# expect STATUS ARGUMENTS...
expect() {
  local status=$1 got=0
  shift
  "$DSQUANT" "$@" >log 2>&1 || got=$?
  [ "$got" = "$status" ] || die "exit status $got instead of $status: dsquant $*"
}
# holds EXPRESSION: of numbers
holds() { awk "BEGIN { exit !($1) }" || die "$1 does not hold"; }
same() { cmp -s "$1" "$2" || die "$1 and $2 differ"; }
