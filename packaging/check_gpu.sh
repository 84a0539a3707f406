#!/usr/bin/env bash
# Checks and measures the program on a machine with a CUDA GPU, in under ten minutes:
#
#     bash packaging/check_gpu.sh OUT [QUICK]
#
# The program must be installed in .venv (packaging/install.sh) or FACEDYN_PYTHON name a Python that
# has it. OUT gets the machine's name, one JSON a benchmark and a log a step. A step that fails or
# takes longer than its share is said at the end, and the others go on. With QUICK all is short and a
# GPU is not asked for: the script itself is tried so.
set -uo pipefail
out=${1:?where the results go}
quick=${2:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${FACEDYN_PYTHON:-$root/.venv/bin/python}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root"
export PYTHONPATH=$root
export XDG_DATA_HOME=$out/home XDG_CACHE_HOME=$out/home XDG_CONFIG_HOME=$out/home XDG_STATE_HOME=$out/home
facedyn=("$python" -m facedyn_app)
failed=()

# step NAME SECONDS COMMAND…: its output in OUT/NAME.json, what else it says in OUT/NAME.log
step() {
    local name=$1 limit=$(($2 * patience)) began=$SECONDS
    shift 2
    if timeout --kill-after=10 "$limit" "$@" >"$out/$name.json" 2>"$out/$name.log"; then
        echo "$name: done in $((SECONDS - began)) s"
    else
        echo "$name: failed or stopped after $((SECONDS - began)) s, see $out/$name.log"
        failed+=("$name")
    fi
}

patience=1 device=cuda speakers=1429 sessions=3 seconds=20 minutes=2.5 collect=()
if [[ -n $quick ]]; then
    patience=6 device=cpu speakers=24 sessions=3 seconds=12 minutes=0.1 collect=(--collect-only)
elif ! "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
    echo "There is no CUDA GPU that torch sees: install a build of torch for CUDA." >&2
    exit 3
fi
"$python" -c 'from facedyn_app.bench.page import machine_facts
for name, text in machine_facts(): print(f"{name}: {text}")' | tee "$out/machine.txt"

# simulate_all: all processors at once, each another population; together one corpus
simulate_all() {
    local jobs each began=0 part
    jobs=$(nproc) each=$(((speakers + $(nproc) - 1) / $(nproc)))
    for ((part = 0; part < jobs && began < speakers; part++, began += each)); do
        OMP_NUM_THREADS=1 "$python" -m facedyn_app simulate "$out/part$part" --seed "$((100 + part))" \
            --speakers "$((speakers - began < each ? speakers - began : each))" \
            --sessions "$sessions" --seconds "$seconds" --json &
    done
    wait
    mkdir -p "$out/corpus"
    for part in "$out"/part*; do
        for folder in "$part"/*/; do
            mv "$folder" "$out/corpus/$(basename "$part")-$(basename "$folder")" || return 1
        done
        rmdir "$part"
    done
    [[ $(find "$out/corpus" -mindepth 1 -maxdepth 1 | wc -l) -eq $speakers ]]
}
export -f simulate_all
export out python speakers sessions seconds

step simulate 120 bash -c simulate_all
step store 45 "${facedyn[@]}" export "$out/corpus" -o "$out/store" --layout tracks --json
step gpu_tests 45 "$python" -m pytest -q -m gpu "${collect[@]}" tests/headmodel tests/landmarks
step bench_fit 60 "${facedyn[@]}" bench fit --quick --json
step bench_landmarks 60 "${facedyn[@]}" bench landmarks --quick --work "$out/work" --json
step bench_recognizer 30 "${facedyn[@]}" bench recognizer --json
step train 200 "${facedyn[@]}" train --library "$out/store" -o "$out/recognizer" \
    --device "$device" --budget-minutes "$minutes" --json
rm -rf "$out/corpus" "$out/store" "$out/work" "$out/home"
if ((${#failed[@]})); then
    echo "not done: ${failed[*]}" >&2
    exit 1
fi
