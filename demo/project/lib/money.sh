# Amounts are whole cents; nothing here logs.

# euros CENTS
euros() {
  printf '%d.%02d' $(($1 / 100)) $(($1 % 100))
}
