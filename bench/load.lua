-- load.lua - the requests of the benchmarks, for wrk: METHOD BYTES NAMES KEYS
--   PUT  every request writes BYTES bytes under a key of its own: NAMES, a slash, a number
--   GET  reads the keys NAMES/1 ... NAMES/KEYS in turn
-- Requests are put together by hand: wrk.format() would cost more than the servers.

local method, names, keys, head, tail
local number = 0

function init(arguments)
    method, names, keys = arguments[1], arguments[3], tonumber(arguments[4])
    local bytes = tonumber(arguments[2])
    local base = wrk.path:gsub("/$", "")
    head = method .. " " .. base .. "/" .. names .. "/"
    tail = " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n"
    if method == "PUT" then
        tail = tail .. "Content-Length: " .. bytes .. "\r\n\r\n" .. string.rep("x", bytes)
    else
        tail = tail .. "\r\n"
    end
end

function request()
    number = number + 1
    if method == "GET" and number > keys then
        number = 1
    end
    return head .. number .. tail
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("result %.0f %.3f %.3f %d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
