# script.sh - what the project's shell scripts share. Sourced, never run.
# shellcheck shell=bash

# The status of a script that cannot run on this machine, unlike one that ran and failed: ctest and automake take the
# same number for a test that was skipped.
readonly UNABLE=77

say() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
    say "$*"
    exit 1
}

unable() {
    say "$*"
    exit "$UNABLE"
}

# A loopback port that nothing listens on, below the range the kernel gives to clients.
free_port() {
    local port
    for ((port = 18000 + RANDOM % 10000; ; port++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# answers URL PID [SECONDS]: waits until a server answers; false when it has ended, or SECONDS (10) are over.
answers() {
    local url=$1 pid=$2 tries
    for ((tries = 20 * ${3:-10}; tries > 0; tries--)); do
        curl --silent --output /dev/null "$url" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    return 1
}
