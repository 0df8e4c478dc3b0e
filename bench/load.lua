-- load.lua - the requests of the benchmarks, for wrk: METHOD BYTES NAMES COUNT
--   PUT   every request writes BYTES bytes under a key of its own: NAMES, a slash, a number
--   GET   reads the keys NAMES/1 ... NAMES/COUNT in turn
--   MIXED nine of ten requests are such reads, of get/1 ... get/COUNT; the tenth is such a write
--   LIST  asks for the path with NAMES behind it, by $LIST_METHOD and with the header field $LIST_FIELD, if they are set
--   POST  every request is a batch that puts COUNT objects of BYTES bytes under keys of their own; BYTES must be a
--         multiple of three, so that the Base64 of a payload of zeros is As only
-- $CLOSE: each request ends its connection. $TOKEN: each shows that token. Where keys are put together otherwise,
-- $BETWEEN stands for the slash, $BEHIND follows the number of a write, and $READS are the names that MIXED reads.
-- Requests are put together by hand: wrk.format() would cost more than the servers.

local method, names, count, bytes, head, tail, entry
local number = 0
local reads = {}

function init(arguments)
    method, names = arguments[1], arguments[3]
    bytes, count = tonumber(arguments[2]), tonumber(arguments[4])
    local path = wrk.path:gsub("/$", "")
    local host = " HTTP/1.1\r\nHost: " .. wrk.host .. "\r\n" .. (os.getenv("CLOSE") and "Connection: close\r\n" or "")
    local between, behind = os.getenv("BETWEEN") or "/", os.getenv("BEHIND") or ""
    local read = method == "GET" and names or os.getenv("READS") or "get"
    local token = os.getenv("TOKEN") or ""
    if token ~= "" then
        host = host .. "Authorization: Bearer " .. token .. "\r\n"
    end
    if method == "PUT" or method == "MIXED" then
        head = "PUT " .. path .. "/" .. names .. between
        tail = behind .. host .. "Content-Length: " .. bytes .. "\r\n\r\n" .. string.rep("x", bytes)
    end
    if method == "GET" or method == "MIXED" then
        for i = 1, count do
            reads[i] = "GET " .. path .. "/" .. read .. between .. i .. host .. "\r\n"
        end
    elseif method == "LIST" then
        local field = os.getenv("LIST_FIELD") or ""
        head = (os.getenv("LIST_METHOD") or "GET") .. " " .. path .. names .. host .. field ..
            (field ~= "" and "\r\n" or "") .. "\r\n"
    elseif method == "POST" then
        head = "POST " .. path .. host .. "Content-Type: application/json\r\nContent-Length: "
        entry = '{"op":"put","key":"' .. names .. '/%d","data":"' .. string.rep("A", bytes / 3 * 4) .. '"}'
    end
end

local function batch()
    local entries = {}
    for i = 1, count do
        entries[i] = string.format(entry, number * count + i)
    end
    local body = '{"operations":[' .. table.concat(entries, ",") .. "]}"
    return head .. #body .. "\r\n\r\n" .. body
end

function request()
    number = number + 1
    if method == "GET" or method == "MIXED" and number % 10 ~= 0 then
        return reads[number % count + 1]
    elseif method == "POST" then
        return batch()
    elseif method == "LIST" then
        return head
    end
    return head .. number .. tail
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("result %.0f %.3f %.3f %d %d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
