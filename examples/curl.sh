#!/usr/bin/env bash
# cairn with nothing but curl: bash examples/curl.sh [http://127.0.0.1:8080]
set -euo pipefail
store=${1:-http://127.0.0.1:8080}/v1/stores/curl-example
curl() { command curl --silent --show-error --fail --write-out '\n' "$@"; }

curl -X PUT "$store"                                                           # make a store; again is no error
printf 'hello, cairn\n' | curl -T - -H 'Content-Type: text/plain' -H 'Cairn-Meta-Mood: good' "$store/objects/notes/1"
curl "$store/objects/notes/1"                                                  # the bytes come back …
curl -I "$store/objects/notes/1"                                               # … and so do the headers
etag=$(curl -I "$store/objects/notes/1" | sed -n 's/^etag: //Ip' | tr -d '\r')
printf 'hello again\n' | curl -T - -H "If-Match: $etag" "$store/objects/notes/1"  # only if nobody was faster
curl -X COPY -H 'Destination: /v1/stores/curl-example/objects/notes/2' "$store/objects/notes/1"
curl -X MOVE -H 'Destination: /v1/stores/curl-example/objects/kept' "$store/objects/notes/2"
curl -F 'a.txt=one' -F 'b.txt=two' "$store/batch"                              # many objects, all or none
curl --json '{"keys":["a.txt","kept","absent"]}' "$store/batch-get"            # many objects in one answer
curl "$store/objects?delimiter=/"                                              # the keys, with folders
curl -H 'Accept: application/x-ndjson' "$store/objects"                          # all of them, one a line
curl -X DELETE "$store/objects/kept"
curl -X PUT --path-as-is -d 'dots' "$store/objects/.."                         # any key at all, even this one
curl --path-as-is "$store/objects/.."
curl -X POST "$store/compact"                                                  # gives back what space can come back
backup=$(mktemp)                                                               # the whole store as one tar …
curl -o "$backup" "$store/archive"
tar -tf "$backup"
curl -X DELETE "$store?force=true"
curl -X PUT "$store"
curl -X POST -T "$backup" "$store/archive"                                     # … and back again, as it was
curl --path-as-is "$store/objects/.."
tar -cz -C "$(dirname "$0")" . | curl -X POST -T - "$store/archive?prefix=examples/"  # a folder, each file an object
rm "$backup"
curl -X DELETE "$store?force=true"
