#!/bin/sh
# The tests: every part must still print what it has always printed. The exit code is the answer.
cd "$(dirname "$0")" || exit
status=0
for expected in expected/*/*.txt; do
  part=${expected#expected/}
  part=${part%.txt}.sh
  if printed=$(sh "$part" 2>&1) && [ "$printed" = "$(cat "$expected")" ]; then
    echo "$part is well"
  else
    echo "$part is broken, it prints:"
    echo "$printed"
    status=1
  fi
done
exit $status
