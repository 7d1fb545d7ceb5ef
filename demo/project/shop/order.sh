# Takes an order.
. lib/log.sh

oldlog "order 17 begins"
oldlog "order 17 is paid"
