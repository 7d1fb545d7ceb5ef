# Logging for all parts of the shop.

# oldlog MESSAGE
oldlog() {
  echo "shop: $1"
}
