#!/usr/bin/env bash
# Runs the bundle of packaging/build.sh as on a machine without Python: an empty home, nothing on
# the PATH, no network. bash packaging/check_bundle.sh [FOLDER FOR PICTURES AND RESULTS]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/install.sh"

bundle=$root/dist/facedyn
out=${1:-$root/build/bundle-check}
video=${FACEDYN_CHECK_VIDEO:-$root/../shared/data/videos/talk_a.mp4}
starts=3

fail() {
    say "FAILED: $*"
    exit 1
}

[[ -x $bundle/facedyn ]] || fail "there is no bundle; make it with: bash packaging/build.sh"

# Everything below runs once more in a network namespace of its own, in which there is nobody.
if [[ ${FACEDYN_ALONE:-} != yes ]]; then
    command -v xwininfo >/dev/null || apt_install x11-utils
    unshare --map-root-user --net true || fail "this machine does not allow to refuse the network"
    FACEDYN_ALONE=yes exec unshare --map-root-user --net "${BASH_SOURCE[0]}" "$@"
fi

work=$(mktemp -d)
mkdir -p "$work/home" "$out"
started=()
tidy() {
    kill "${started[@]}" 2>/dev/null || true
    rm -rf "$work"
}
trap tidy EXIT

# It would begin anew whenever nobody is connected, and refuse who comes in that moment.
Xvfb -displayfd 3 -screen 0 1920x1080x24 -nolisten tcp -noreset 3>"$work/display" 2>/dev/null &
started+=($!)
until [[ -s $work/display ]]; do sleep 0.1; done
display=:$(<"$work/display")

facedyn=(
    env -i HOME="$work/home" PATH=/nonexistent LANG=C.UTF-8 DISPLAY="$display" "$bundle/facedyn"
)

seconds() {
    date +%s.%N
}

since() {
    awk -v from="$1" -v to="$(seconds)" 'BEGIN { printf "%.1f", to - from }'
}

step() {
    local name=$1 began
    began=$(seconds)
    shift
    "$@" >"$out/$name.txt" 2>"$out/$name.err" || fail "$name: $(tail -n 3 "$out/$name.err")"
    say "$name: done in $(since "$began") s"
}

network_is_refused() {
    ! (exec 4<>/dev/tcp/1.1.1.1/80) 2>/dev/null
}

# From the start of the program to its window on the screen. The first time reads the bundle from
# the disk.
window_opens() {
    local began took process
    began=$(seconds)
    "${facedyn[@]}" gui 2>>"$out/window.err" &
    process=$!
    until xwininfo -display "$display" -root -tree | grep -q '"facedyn[^"]*": ("facedyn"'; do
        kill -0 "$process" 2>/dev/null || fail "the window: $(tail -n 3 "$out/window.err")"
        sleep 0.05
    done
    took=$(since "$began")
    sleep 1
    kill "$process"
    wait "$process" 2>/dev/null || true
    say "window: on the screen after $took s"
}

network_is_refused || fail "the network is there"
step selftest "${facedyn[@]}" selftest
for ((k = 0; k < starts; k++)); do window_opens; done
step demo "${facedyn[@]}" demo --headless --json
grep -q '"n_first": 6' "$out/demo.txt" || say "demo: not everybody came first, see $out/demo.txt"
if [[ -f $video ]]; then
    step fit "${facedyn[@]}" fit "$video" -o "$work/session.npz" --json
    [[ -s $work/session.npz ]] || fail "fit: there is no session"
    step table "${facedyn[@]}" export "$work/session.npz" -o "$out/table.parquet"
    step motion "${facedyn[@]}" export "$work/session.npz" -o "$work/motion.csv" --layout livelink
    step convert "${facedyn[@]}" convert "$work/motion.csv" -o "$work/again.npz"
    step measure "${facedyn[@]}" measure "$work/session.npz" -o "$out/measures.xlsx"
    step film "${facedyn[@]}" export "$work/session.npz" -o "$out/film.mp4" --video "$video"
    step report "${facedyn[@]}" report "$work/session.npz" -o "$out/report.pdf"
else
    say "fit: left out, there is no $video"
fi
step picture "${facedyn[@]}" demo --screenshot "$out/window.png"
[[ -s $out/window.png ]] || fail "picture: there is none"
say "dist/facedyn: $(du -sm "$bundle" | cut -f1) MiB; results and picture in $out"
