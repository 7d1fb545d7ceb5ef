# Puts things into the cart.
. lib/log.sh
. lib/money.sh

total=0
for price in 250 1999 75; do
  total=$((total + price))
done
oldlog "3 things in the cart, $(euros "$total") in all"
