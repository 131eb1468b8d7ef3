#!/usr/bin/env bash
# Real data, no tuning option: psctl train FILE reaches the accuracy of the
# reference programs. Skipped where ../shared/data is not beside the
# repository (agaricus is always tried, from examples/data).
# shellcheck source-path=SCRIPTDIR source=../support/cluster.sh
source "$(dirname "$0")/../support/cluster.sh"

# Usage: reaches NAME MODEL DATA TARGET OPTIONS...: accuracy on DATA.
reaches() {
  local name=$1 model=$2 data=$3 target=$4 value
  shift 4
  psctl evaluate "$model" "$data" --json "$@" > "$name.json"
  value=$(jq -s 'last | .metrics.accuracy' "$name.json")
  jq -en --argjson value "$value" --argjson target "$target" \
    '$value >= $target' > is-reached ||
    die "$name: accuracy $value, not $target: $(< "$name.json")"
  say "$name: accuracy $value (at least $target)"
}

agaricus=$repo/examples/data/agaricus
psctl train "$agaricus/agaricus.txt.train.gz" -o agaricus.model --quiet
reaches agaricus agaricus.model "$agaricus/agaricus.txt.test.gz" 0.999

dna=$(shared_data dna)
psctl train "$dna/dna.scale" -o dna.model --quiet
reaches dna dna.model "$dna/dna.scale.t" 0.94

letter=$(shared_data letter)/letter-recognition.data
head -n 16001 "$letter" > letter-train.tsv
{ head -n 1 "$letter" && tail -n 4000 "$letter"; } > letter-test.tsv
psctl train letter-train.tsv --label letter -o letter.model --quiet
reaches letter letter.model letter-test.tsv 0.735

skin=$(shared_data skin-nonskin)/Skin_NonSkin.txt.gz
psdata split "$skin" -o skin --label skin --by random --holdout 0.2 --quiet
psctl train skin -o skin.model --quiet
reaches skin-nonskin skin.model skin 0.91 --part holdout
say "passed"
