# What both agents of the night have in common; they keep a book of what they have served.
once() { mkdir "$HOME/once-$MIGRATE_STEP-$1" 2> /dev/null; }
turns() { cat "$HOME/of-$session" 2> /dev/null || echo 0; }
served() {
  echo 1 >> "$HOME/turns"
  echo $(($(turns) + 1)) > "$HOME/of-$session.new"
  mv "$HOME/of-$session.new" "$HOME/of-$session"
}
work() { echo "$MIGRATE_STEP" > "file-$MIGRATE_STEP"; }
# Before a run is killed nobody new begins, and who prints may end: the books are to be exact.
while [ -e "$HOME/hold" ]; do sleep 0.1; done
touch "$HOME/busy-$MIGRATE_STEP"
trap 'rm -f "$HOME/busy-$MIGRATE_STEP"' EXIT
idle() {
  rm -f "$HOME/busy-$MIGRATE_STEP"
  sleep 1000
}
kill_run() {
  touch "$HOME/hold"
  rm -f "$HOME/busy-$MIGRATE_STEP"
  while ls "$HOME"/busy-* > /dev/null 2>&1; do sleep 0.1; done
  touch "$HOME/kill"
  sleep 1000
}
session=$MIGRATE_STEP-$MIGRATE_EPOCH
previous=
for word in "$@"; do
  case $previous in
    --resume) session=$word ;;
    --json) [ "$word" = - ] || session=$word ;;
  esac
  previous=$word
done
number=${MIGRATE_STEP#S}
