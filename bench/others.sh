# others.sh - servers of other people: how they are had, started and asked what they took. Sourced behind lib.sh, never
# run. What Debian has is unpacked below build/peers: nothing is installed, and no service starts.
#
# What fails leaves in $reason why, in words. A server that runs has an entry in each of these, by its name:
#   urls   where its objects lie: keys follow it, after a slash
#   roots  its first processes
# shellcheck shell=bash disable=SC2034,SC2154

declare -A urls=() roots=()
private=$root/build/peers
secret=benchmark-secret # of servers that speak S3; what is measured is open to all

# ---- having them ---------------------------------------------------------------------------------

# is_here PROGRAM PACKAGE...: whether it was unpacked before, or is installed with all that it needs.
is_here() {
    local file
    file=$(command -v "$1") && { [[ $file == "$private"/* ]] || dpkg-query --show "${@:2}" >/dev/null 2>&1; }
}

# unpack PROGRAM PACKAGE...: a program of Debian's, as it is installed or from packages unpacked below build/peers.
unpack() {
    local program=$1
    PATH=$PATH:/usr/sbin:$private/usr/bin:$private/usr/sbin
    is_here "$@" && return
    reason="$program is neither installed nor can its packages be fetched: run apt-get update, then try again"
    mkdir -p "$private/packages"
    (cd "$private/packages" && apt-get -q download "${@:2}" && for package in *.deb; do
        dpkg-deb --extract "$package" "$private" || exit
    done) >>"$private/packages/log" 2>&1
    command -v "$program" >/dev/null
}

# with_libraries COMMAND...: runs a program that may have come with libraries of its own.
with_libraries() {
    LD_LIBRARY_PATH=$(find "$private/usr/lib" -maxdepth 1 -name '*-linux-gnu' 2>/dev/null | head -n 1) exec "$@"
}

# launched URL: whether the process that was just started is a server, and answers there.
launched() {
    pid=$!
    pids+=("$pid")
    answers "$1" "$pid" 30 && return
    reason="it does not answer at $1; it says: $(tail -n 1 "$log")"
    return 1
}

# ---- S3 ------------------------------------------------------------------------------------------

# signed URL FILE: a PUT of a file's bytes by the owner. Not every curl adds the digest, which has to be signed, too.
signed() {
    curl --silent --show-error --fail --aws-sigv4 aws:amz:us-east-1:s3 --user "bench:$secret" --request PUT \
        --header "x-amz-content-sha256: $(sha256sum <"$2" | cut --delimiter ' ' --fields 1)" \
        --header 'Content-Type: application/json' --data-binary "@$2" "$1" >>"$log" 2>&1
}

# make_bucket URL: a bucket that anybody may use, so that no side pays for signatures.
make_bucket() {
    cat >"$work/policy" <<'END'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:*"],
 "Resource": ["arn:aws:s3:::bench", "arn:aws:s3:::bench/*"]}]}
END
    signed "$1" /dev/null && signed "$1?policy=" "$work/policy" && return
    reason="no bucket can be made that is open to all: $(tail -n 1 "$log")"
    return 1
}

# ---- asking them ---------------------------------------------------------------------------------

port_of() {
    local address=${urls[$1]#http://*:}
    echo "${address%%/*}"
}

path_of() {
    local address=${urls[$1]#http://}
    [[ $address == */* ]] && echo "/${address#*/}" || echo ''
}

# family PID...: processes and all that they have started.
family() {
    local pid children
    for pid; do
        echo "$pid"
        read -ra children < <(cat /proc/"$pid"/task/*/children 2>/dev/null)
        family "${children[@]}"
    done
}

# spent NAME: the CPU seconds of a server, of all its processes.
spent() {
    local member
    # shellcheck disable=SC2086
    for member in $(family ${roots[$1]}); do
        cpu_time "$member"
    done | awk '{sum += $1} END {printf "%.9f", sum}'
}

# memory NAME: resident now, in MiB, of all its processes, and the sum of what each had at its peak.
memory() {
    local member
    # shellcheck disable=SC2086
    for member in $(family ${roots[$1]}); do
        awk '/^VmRSS|^VmHWM/ {printf "%s ", $2}' "/proc/$member/status"
        echo
    done | awk '{peak += $1; now += $2} END {printf "%.0f | %.0f", now / 1024, peak / 1024}'
}
