# scale_objects.sh - the figures of one store that holds many objects. Sourced by scale.
# shellcheck shell=bash disable=SC2154
#
# The objects are put in an order that has nothing to do with that of their keys, so that each segment holds keys from
# everywhere. The store then goes through stages: loaded; overwritten, of which 31 % of all records are dead; and, from
# loaded again, deleted: the first 40 % in the order of keys; revived: half of these are put again, so that what is
# deleted stands in the middle; thinned: every second key is deleted. NAME_STAGE is what a figure measures of a stage. It
# finds the server running, and leaves it so.

object_bytes=100
loading_stride=6700417 overwriting_stride=15485863 # primes

measure_objects() {
    local start
    want_objects || return 0
    start_cairnd objects
    start=$(resident "$cairn_pid")
    fill_objects put "$size" "$size" "$loading_stride" "$object_bytes"
    quiet
    at_stage loaded
    if is_wanted restart || is_wanted pages; then
        stop_cairnd
        cp --archive "$work/objects" "$work/loaded"
        resume_with $((size * 45 / 100)) put "$overwriting_stride" "$object_bytes"
        at_stage overwritten
        stop_cairnd
        rm -rf "$work/objects"
        mv "$work/loaded" "$work/objects"
        resume_with $((size * 40 / 100)) delete 1
        at_stage deleted
        ! is_wanted pages || go_on_deleting
    fi
    stop_cairnd
    rm -rf "$work/objects"
}

# The size is even, and a stride of 2 goes round an odd number of keys.
go_on_deleting() {
    fill_objects put $((size * 20 / 100)) "$size" 1 "$object_bytes"
    quiet
    at_stage revived
    fill_objects delete $((size / 2)) $((size - 1)) 2
    quiet
    at_stage thinned
}

# is_wanted FIGURE: whether it is asked for at this size. Only pages are measured at the smallest one, too.
is_wanted() {
    is_asked "$1" && [[ $size != "$least" || $1 == pages ]]
}

want_objects() {
    local figure
    for figure in "${object_figures[@]}"; do
        ! is_wanted "$figure" || return 0
    done
    return 1
}

at_stage() {
    local figure
    for figure in "${object_figures[@]}"; do
        if is_wanted "$figure" && declare -F "${figure}_$1" >/dev/null; then
            "${figure}_$1"
        fi
    done
}

# fill_objects put|delete COUNT OF STRIDE [BYTES]: sets $filled to the objects per second, $filling to the CPU seconds.
fill_objects() {
    local before
    before=$(spent)
    filled=$("$tools/fill" "$1" "$(port)" "$store" "${@:2}")
    filling=$(calculate "$(spent) - $before")
}

# resume_with COUNT put|delete STRIDE [BYTES]
resume_with() {
    launch_cairnd objects
    fill_objects "$2" "$1" "$size" "${@:3}"
    quiet
}

# first_get STORE [KEY]: asks for an object until it is there; a store that is loading may say so.
first_get() {
    until "$tools/ask" GET "$(port)" "/v1/stores/$1/objects/${2:-0000000/0}" 1 2>>"$work/first.log"; do
        kill -0 "$cairn_pid" || die "cairnd has ended: $(tail -n 5 "$work/cairnd.log")"
        sleep 0.02
    done
}

# ---- load, memory --------------------------------------------------------------------------------

load_loaded() {
    tell 'load, batches of 1,000 on 4 connections: objects/s' '' "$filled"
    tell 'load: CPU us an object' '' "$(calculate "$filling * 1e6 / $size")"
    [[ -z ${BEFORE-} ]] || load_beside
}

# load_with FILE FOLDER: loads a tenth into a new folder; adds a line of objects/s and CPU seconds to FOLDER.figures.
load_with() {
    local cairnd=$1 cairn cairn_pid filled filling
    start_cairnd "$2"
    settle
    fill_objects put $((size / 10)) "$size" "$loading_stride" "$object_bytes"
    echo "$filled $filling" >>"$work/$2.figures"
    stop_cairnd
    rm -rf "${work:?}/$2"
}

# The same of $BEFORE, another cairnd, in turn.
load_beside() {
    local round
    rm -f "$work"/load-*.figures
    for ((round = 0; round < rounds; round++)); do
        load_with "$cairnd" load-now
        load_with "$BEFORE" load-before
    done
    tell "load: objects/s / that of \$BEFORE" '>= 1' \
        "$(ratio "$(column 1 "$work/load-now.figures")" "$(column 1 "$work/load-before.figures")")"
    tell "load: CPU / that of \$BEFORE" '' \
        "$(ratio "$(column 2 "$work/load-now.figures")" "$(column 2 "$work/load-before.figures")")"
}

# bytes_each START: of resident memory, for each object.
bytes_each() {
    calculate "($(resident "$cairn_pid") - $1) * 1048576 / $size"
}

memory_loaded() {
    tell 'memory while running: bytes an object' '<= 24' "$(bytes_each "$start")"
    stop_cairnd
    launch_cairnd objects
    first_get "$store"
    quiet
    tell 'memory after a restart: bytes an object' '<= 24' "$(bytes_each "$start")"
}

# What the store's files take, those included that are made of the log.
tell_disk() {
    local folder=$work/objects/stores/$store
    tell "disk, objects of $object_bytes bytes: bytes an object" '' \
        "$(calculate "$(du --summarize --block-size=1 "$folder" | cut --fields 1) / $size")"
    tell 'files in log/' '' "$(find "$folder/log" -type f | wc -l)"
}

# ---- restart -------------------------------------------------------------------------------------

end_clean() {
    stop_cairnd
}

# What the disk has of a file is dropped from memory, of these files alone: others are at work on this machine.
end_cold() {
    local file
    stop_cairnd
    sync --file-system "$work"
    find "$work/objects" -type f | while read -r file; do
        dd if="$file" iflag=nocache count=0 status=none
    done
}

end_killed() {
    "$tools/fill" put "$(port)" "$store" 1000 "$size" 1 "$object_bytes" >/dev/null
    crash_cairnd
}

# restarts TITLE GOAL END: ends the server, and starts it again; the CPU and the seconds that take.
restarts() {
    local title=$1 goal=$2 round begin
    : >"$work/restarts"
    for ((round = 0; round < rounds; round++)); do
        "$3"
        begin=$EPOCHREALTIME
        launch_cairnd objects
        first_get "$store"
        echo "$(spent) $(calculate "$EPOCHREALTIME - $begin")" >>"$work/restarts"
    done
    tell "restart, $title: CPU s" "$goal" "$(column 1 "$work/restarts")"
    tell "restart, $title: s" '' "$(column 2 "$work/restarts")"
}

# first_page: the CPU ms of the next page.
first_page() {
    local before
    before=$(spent)
    ask_pages 'limit=10' 1
    calculate "($(spent) - $before) * 1000"
}

# first_pages TITLE [KEY]: the CPU of the first page after a restart; KEY is there.
first_pages() {
    local round
    for ((round = 0; round < rounds; round++)); do
        stop_cairnd
        launch_cairnd objects
        first_get "$store" "${@:2}"
        printf '%s\n' "$(first_page)"
    done >"$work/first"
    tell "first page of 10 after a restart, $1: CPU ms" '<= 50' "$(median <"$work/first")"
}

# What is made for pages is there from the first one on.
first_page_ever() {
    stop_cairnd
    launch_cairnd objects
    first_get "$store"
    tell 'first page of 10 after a restart, none before it: CPU ms' '<= 50' "$(first_page)"
    quiet
    tell 'memory after a restart and a page: bytes an object' '<= 24' "$(bytes_each "$start")"
    tell_disk
}

restart_loaded() {
    first_page_ever
    restarts 'clean, warm' '<= 1.0' end_clean
    restarts 'clean, cold' '<= 1.0' end_cold
    first_pages clean
    restarts 'after kill -9' '<= 2.0' end_killed
}

restart_overwritten() {
    restarts '45 % overwritten' '<= 2.0' end_clean
    first_pages '45 % overwritten'
}

# ---- pages ---------------------------------------------------------------------------------------

# ask_pages QUERY COUNT
ask_pages() {
    "$tools/ask" GET "$(port)" "/v1/stores/$store/objects?$1" "$2"
}

# page TITLE QUERY [GOAL]: CPU of a page, when somebody has asked for it before.
page() {
    local before cost count round
    before=$(spent)
    ask_pages "$2" 2
    count=$(calculate "(c = int($patience / ($(spent) - $before))) > 1000 ? 1000 : c < 2 ? 2 : c")
    : >"$work/pages"
    for ((round = 0; round < rounds; round++)); do
        before=$(spent)
        ask_pages "$2" "$count"
        cost=$(calculate "($(spent) - $before) * 1e6 / $count")
        echo "$cost" >>"$work/pages"
    done
    tell "page, $1: CPU us" "${3:-<= 3 x 1,000}" "$(median <"$work/pages")"
}

# key_at PERCENT: the beginning of the keys of ten neighbours, so far into the store.
key_at() {
    printf '%07d' $((size * $1 / 1000))
}

# cursor_behind BEGINNING: the cursor behind the first key that begins so.
cursor_behind() {
    curl --silent --fail "$cairn/$store/objects?prefix=$1&limit=1" | sed -n 's/.*"cursor":"\([^"]*\)".*/\1/p'
}

# The middle prefix holds a hundred keys.
pages_loaded() {
    local middle limit
    middle=$(key_at 50)
    ask_pages 'limit=10' 1
    quiet
    for limit in 10 100 1000; do
        page "limit $limit" "limit=$limit"
    done
    page 'prefix in the middle, limit 100' "prefix=${middle%?}&limit=100"
    page 'delimiter, limit 100' 'delimiter=/&limit=100'
    page 'deep cursor, limit 100' "cursor=$(cursor_behind "$(key_at 90)")&limit=100"
    stop_cairnd
    launch_cairnd objects
    ask_pages 'limit=100' 1
    page 'right after a restart, limit 100' 'limit=100'
}

pages_overwritten() {
    ask_pages 'limit=10' 1
    quiet
    page '31 % dead, limit 10' 'limit=10'
    page '31 % dead, limit 1000' 'limit=1000'
}

pages_deleted() {
    tell 'first page of 10 after the first 40 % were deleted: CPU ms' '<= 50' "$(first_page)"
    quiet
    page 'first 40 % deleted, limit 10' 'limit=10'
    page 'first 40 % deleted, limit 1000' 'limit=1000'
    first_pages 'first 40 % deleted' "$(key_at 90)/0"
    quiet
}

# The last ten keys in front of what is deleted begin alike.
pages_revived() {
    local last
    last=$(printf '%07d' $((size * 20 / 1000 - 1)))
    ask_pages 'limit=10' 1
    quiet
    page 'deleted keys put again, limit 10' 'limit=10'
    page 'before a deleted middle, limit 10' "cursor=$(cursor_behind "$last")&limit=10"
}

pages_thinned() {
    tell 'first page of 10 after every second was deleted: CPU ms' '<= 50' "$(first_page)"
    quiet
    page 'every second deleted, limit 100' 'limit=100'
}
