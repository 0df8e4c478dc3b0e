// events.js - server-sent events by fetch: the browser's own EventSource cannot show a token.

import { Refusal, ask, passes } from "./server.js";
import { wait } from "./wait.js";

const AGAIN = 1000;

// When somebody looks at the page, or it is called off.
const seen = (signal) => new Promise((resolve) => {
    const look = () => {
        if (document.hidden && !signal.aborted)
            return;
        document.removeEventListener("visibilitychange", look);
        signal.removeEventListener("abort", look);
        resolve();
    };
    document.addEventListener("visibilitychange", look);
    signal.addEventListener("abort", look);
    look();
});

// A signal for as long as somebody looks, and what ends it.
function whileSeen(signal) {
    const hidden = new AbortController(), look = () => document.hidden && hidden.abort();
    document.addEventListener("visibilitychange", look);
    return { signal: AbortSignal.any([signal, hidden.signal]),
             end: () => document.removeEventListener("visibilitychange", look) };
}

// One event: { name, id, data }, of the lines between two blank ones.
function parse(lines) {
    const event = { name: "message", id: null, data: [] };
    for (const line of lines) {
        const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line);
        if (field === "event")
            event.name = value;
        else if (field === "id")
            event.id = value;
        else if (field === "data")
            event.data.push(value);
    }
    return event.data.length > 0 ? { ...event, data: JSON.parse(event.data.join("\n")) } : null;
}

async function* read(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part; !(part = await reader.read()).done;) {
        const events = (rest + part.value).split(/\n\n/);
        rest = events.pop();
        for (const event of events.map((text) => parse(text.split("\n"))))
            if (event !== null)
                yield event;
    }
}

// All events from now on. Where the line breaks it is taken up again, behind the last one that had an id; what the
// server refuses ends it, as an error. told(true) comes with each connection, told(false) when one is lost. A page that
// nobody looks at lets go of its line: browsers have six to a server, for all their tabs.
export async function* follow(path, { query = {}, signal, told = () => {} }) {
    let last = null;
    for (let again = AGAIN; !signal.aborted; again = AGAIN) {
        await seen(signal);
        const turn = whileSeen(signal);
        try {
            const headers = { Accept: "text/event-stream", ...(last === null ? {} : { "Last-Event-ID": last }) };
            const answer = await ask("GET", path, { query, headers, signal: turn.signal });
            told(true);
            for await (const event of read(answer.body)) {
                last = event.id ?? last;
                yield event;
            }
        } catch (error) {
            if (error instanceof Refusal && !passes(error))
                throw error;
            again = Math.max(AGAIN, error.wait ?? 0);
        } finally {
            turn.end();
        }
        if (signal.aborted)
            return;
        told(false);
        if (!document.hidden)
            await wait(again, signal).catch(() => {});
    }
}
