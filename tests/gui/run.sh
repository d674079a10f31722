#!/bin/bash
# The product in a real window: packed, installed by Blender's own installer, driven with mouse and keyboard.
#   tests/gui/run.sh [trixie|sid] [drive|living|looks|playback]
#     Blender 4.3 or 5.2 in the chroot of ../shared/blender-gui; needs root, takes 3 minutes. What is driven: one job after
#     another through every door; edits, other files and reloads while jobs run; pictures of what is seldom open;
#     or a measurement of playback.
#     PICTURE=FILE    also save the picture for the README there (from sid: PICTURE=docs/pictures/window.png)
# Ends with status 0 only if everything was seen. Whether it also looks right, a person must say: look at the pictures.
set -euo pipefail
suite=${1:-trixie} driver=${2:-drive} here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..") shared=$(realpath "$here/../../../shared")
blender=$shared/blender-gui/run.sh clips=$shared/data/clips
export SUITE=$suite WORK=/tmp/rvm-gui-$suite
export PICTURES=$WORK/pictures READY=$WORK/ready DRIVE=$WORK/drive.sh BLENDER_USER_RESOURCES=$WORK/profile
rm -rf "$WORK"
mkdir -p "$PICTURES" "$BLENDER_USER_RESOURCES" "$WORK/footage"
cp "$clips"/woman_*.mp4 "$WORK/footage"   # a copy: Blender may write beside footage, and the project stays in one place
cp "$clips/greenscreen_man_360x640.mp4" "$WORK"   # wherever the clips lie, Blender inside the chroot sees this place
cd "$root"

echo "Package and install"
declare -A python=([trixie]=cp311,cp313 [sid]=cp314)   # Debian's 5.2 has another Python than the official one
zip=$(python3 build.py package --platform linux-x64 --python "${python[$suite]}" 2>/dev/null | awk '{print $1}')
CLI=1 "$blender" --command extension install-file -r user_default -e "$zip"

matte() { CLI=1 "$blender" --command rvm_matting "$@"; }
if [ "$driver" = drive ]; then
  echo "Command line"
  matte --help >/dev/null
  matte "$WORK/greenscreen_man_360x640.mp4" --output "$WORK/frames" --json
  if matte "$WORK/missing.mp4" --output "$WORK/frames" --quiet; then
    echo "FAILED: a missing input gave exit status 0" >&2
    exit 1
  fi
fi

# `run.sh` there wants a shell script. --app-template: the workspace that people edit in. A run that hangs ends by force.
echo "exec python3 -u $here/$driver.py" >"$DRIVE"
timeout --kill-after=5 600 "$blender" "$here/scene.py" "$PICTURES/end.png" --app-template Video_Editing
[ -z "${PICTURE:-}" ] || cp "$PICTURES/3-one-done-one-running.png" "$PICTURE"
echo "All seen. The pictures are in $PICTURES"
