# Tells the customer.
. lib/log.sh

oldlog "mail to ada@example.com: thank you"
