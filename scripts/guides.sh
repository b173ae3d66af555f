# shellcheck shell=bash # sourced
# What README and docs show, for the scripts that do it.

# block FILE LANGUAGE TEXT prints the first block of code in the language that has the text.
block() {
  awk -v language="$2" -v text="$3" '
    /^```/ { if (inside && found) exit; inside = $0 == "```" language; code = ""; found = 0; next }
    inside { code = code $0 "\n"; if (index($0, text)) found = 1 }
    END { if (found) printf "%s", code }' "$1" | grep . && return
  echo "${0##*/}: $1 has no $2 block with $3" >&2
  return 1
}

# commands FILE TEXT prints the commands of the first console block with the text.
commands() { block "$1" console "$2" | sed -n 's/^\$ //p'; }
