# expect.sh - checks that a script makes one after the other, and their count. Sourced, never run.
# shellcheck shell=bash

passed=0 failed=0

# expect SENTENCE COMMAND...: one check.
expect() {
    local sentence=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok      $sentence"
    else
        failed=$((failed + 1))
        echo "FAILED  $sentence"
    fi
}

# is FOUND EXPECTED
is() {
    [[ $1 == "$2" ]] || {
        printf '        expected %s, found %s\n' "$2" "$1"
        return 1
    }
}

# The last line of the script; false when a check has failed.
expected() {
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    ((failed == 0))
}
