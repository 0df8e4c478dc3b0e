# rados_tables.sh - what ./dev bench rados prints: its figures as tables, beside what is meant to be reached.
# Sourced behind tables.sh, never run.
# shellcheck shell=bash disable=SC2154

declare -A work_title=(
    [put-1]='PUT 1 KiB, 1 connection' [put-64]='PUT 1 KiB, 64' [put-256]='PUT 1 KiB, 256'
    [get-1]='GET 1 KiB, 1 connection' [get-64]='GET 1 KiB, 64' [get-256]='GET 1 KiB, 256'
    [cold-64]='GET 1 KiB, 64, each for the first time' [list-1]='a list of 1,000'
    [put1m-1]='PUT 1 MiB, 1 connection' [put1m-64]='PUT 1 MiB, 64' [put1m-256]='PUT 1 MiB, 256'
    [get1m-1]='GET 1 MiB, 1 connection' [get1m-64]='GET 1 MiB, 64' [get1m-256]='GET 1 MiB, 256'
    [put-large]='PUT of a large one' [get-large]='GET of that'
)

# beside WORK OTHER: the rate on the pool, as a ratio to that of another one.
beside() {
    ratio "$(value "$1" pool 1)" "$(value "$1" "$2" 1)"
}

# measured WORK: what was measured of the pool, without commas; -: nothing.
measured() {
    value "$1" pool 1 | awk '{number = $1} END {printf NR == 0 ? "-" : number < 10 ? "%.1f" : "%.0f", number}'
}

# has PART: whether it was asked for.
has() {
    [[ " ${parts[*]} " == *" $1 "* ]]
}

goal_table() {
    printf '\n| goal | measured | met |\n|---|---|---|\n'
    goal 'PUT 1 KiB at 64 and 256: rate beside RGW' '>=' 5 "$(beside put-64 rgw)" "$(beside put-256 rgw)"
    goal 'GET 1 KiB at 1, 64 and 256: rate beside RGW' '>=' 2 "$(beside get-1 rgw)" "$(beside get-64 rgw)" \
        "$(beside get-256 rgw)"
    goal 'the same at 64, each for the first time' '>=' 2 "$(beside cold-64 rgw)"
    goal "PUT and GET of $mib MiB: rate beside rados bench, 4 pieces at a time" '>=' 0.8 \
        "$(beside put-large rados4)" "$(beside get-large rados4)"
    goal "a page of 1,000 of $(figure "$objects"), ms: the first after a start, the others" '<=' 50 \
        "$(measured page-first)" "$(measured page)"
    goal 'takeover after kill -9, s' '<=' $((LEASE + 2)) "$(measured takeover)"
    ! has takeover || goal 'acknowledged objects that were lost' '<=' 0 "$lost"
}

memory_table() {
    local name
    printf '\n| memory | MiB at the end | at the peak |\n|---|---:|---:|\n'
    for name in "${servers[@]}" cluster; do
        printf '| %s | %s |\n' "${title[$name]}" "$(memory "$name")"
    done
}

load_average() {
    cut --delimiter ' ' --fields 1 /proc/loadavg
}

small_tables() {
    table 'requests/s' 1 "${servers[@]}" -- "${small_work[@]}"
    table 'p99, ms' 3 "${servers[@]}" -- "${small_work[@]}"
    table 'CPU us a request, of the server' 4 "${servers[@]}" -- "${small_work[@]}"
    table 'CPU us a request, of the cluster' 5 "${servers[@]:1}" -- "${small_work[@]}"
}

large_tables() {
    table 'MiB/s' 1 "${servers[@]}" rados4 rados16 -- "${large_work[@]}"
    table 'CPU ms of the server' 4 "${servers[@]}" -- "${large_work[@]}"
}

print_tables() {
    local words
    printf '%s; load average %s before, %s after\n' "$(machine)" "$load_before" "$(load_average)"
    printf '%s, Ceph %s (%s); medians, rounds: %d; large objects of %d MiB\n' "$("$cairnd" version)" \
        "$(ceph --version | cut --delimiter ' ' --fields 3)" "$objectstore" "$rounds" "$mib"
    ! has small || small_tables
    ! has large || large_tables
    ((${#servers[@]} == 0)) || memory_table
    goal_table
    ((${#misses[@]} == 0)) || printf '\nNot in it:\n\n'
    for words in "${!misses[@]}"; do
        printf -- '- %s\n' "$words"
    done | sort
}
