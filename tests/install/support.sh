# What the scripts of this folder share. To be sourced.

fail() {
  echo "FAIL: $*" >&2
  exit 1
}
expect() {  # expect TEXT FILE
  grep --quiet --fixed-strings -- "$1" "$2" || fail "'$1' is not in $(basename "$2"): $(cat "$2")"
}
