#!/usr/bin/env bash
# Bars 9 and 10: CPU seconds of a cold release build and size of the stripped binary of a one-tool
# stdio server, bare, with the attribute alone, and with toolwatch's default features.
# Sources are fetched beforehand; every variant is built once into an empty directory.
set -euo pipefail
cd "$(dirname "$0")"
cargo fetch --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
declare -A seconds bytes
for variant in bare watched full; do
  features=()
  [ "$variant" = bare ] || features=(--features "$variant")
  TIMEFORMAT='%U %S'
  spent=$({ time CARGO_TARGET_DIR="$work/$variant" cargo build --quiet --offline --profile shipped -p one-tool "${features[@]}" 2>/dev/null; } 2>&1)
  seconds[$variant]=$(awk '{ printf "%.1f", $1 + $2 }' <<<"$spent")
  bytes[$variant]=$(stat -c %s "$work/$variant/shipped/one-tool")
  rm -rf "${work:?}/$variant"
done
report() { # name, value, unit, figure, bar
  verdict=$(awk -v figure="$4" -v bar="$5" 'BEGIN { print (figure <= bar) ? "met" : "NOT MET" }')
  printf '%-44s %12s %-6s %9s %10s %s\n' "$1" "$2" "$3" "$4" "<= $5" "$verdict"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
grown() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (a - b) / 1e6 }'; }
printf '\n%-44s %12s %-6s %9s %10s\n' "cold build of a one-tool server" value unit figure bar
printf '%-44s %12s CPU-s\n' "bare" "${seconds[bare]}"
report "default-features = false, over bare" "${seconds[watched]}" CPU-s "$(ratio "${seconds[watched]}" "${seconds[bare]}")" 1.1
report "default features, over bare" "${seconds[full]}" CPU-s "$(ratio "${seconds[full]}" "${seconds[bare]}")" 2.1
printf '%-44s %12s bytes\n' "stripped binary, bare" "${bytes[bare]}"
report "default-features = false, MB more" "${bytes[watched]}" bytes "$(grown "${bytes[watched]}" "${bytes[bare]}")" 0.5
report "default features, MB more" "${bytes[full]}" bytes "$(grown "${bytes[full]}" "${bytes[bare]}")" 7.5
