#!/usr/bin/env bash
# Installs what is missing and runs every check and test: bash packaging/test.sh [PYTEST ARGUMENTS…]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

install_program
install_tests
install_cluster
cd "$root"
bin=$venv/bin

step() {
    say "== $1"
    shift
    "$@"
}

step "ruff check" "$bin/ruff" check .
step "ruff format" "$bin/ruff" format --check .
step "mypy" "$bin/mypy"
step "import-linter" "$bin/lint-imports"
# Prints modules, lines and what a verb reaches; no limit on them, and none on the time it takes.
step "size and reach of the code" "$bin/python" packaging/count_structure.py
unset WAYLAND_DISPLAY

# Tests on a virtual display of their own, so that none opens a window on the screen of whoever runs
# them: on_display FIRST_NUMBER PYTEST ARGUMENTS…
on_display() {
    xvfb-run -a -n "$1" -s "-screen 0 1920x1080x24" "$bin/python" -m pytest "${@:2}"
}

if (($#)); then
    step "pytest" on_display 99 "$@"
    exit
fi
# Side by side: tests of the command line and of the window take as long as all the others.
# The command line's come first: they look at the largest memory that their process has had.
log=$(mktemp)
set -m # a process group of its own, which ends with this script
on_display 99 tests/cli tests/gui >"$log" 2>&1 &
outside=$!
set +m
trap 'kill -- "-$outside" 2>/dev/null || true; rm -f "$log"' EXIT
failed=0
step "pytest, without command line and window" \
    on_display 199 --ignore tests/gui --ignore tests/cli || failed=$?
wait "$outside" || failed=$?
step "pytest, command line and window" cat "$log"
exit "$failed"
