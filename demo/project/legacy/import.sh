# Reads what the old shop left. The logger is a value here, and a codemod that looks for calls misses it.
. lib/log.sh

tell=oldlog
for name in ada ben; do
  $tell "customer $name is here"
done
