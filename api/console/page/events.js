// events.js - server-sent events by fetch: the browser's own EventSource cannot show a token.

import { Refusal, ask, passes } from "./server.js";
import { wait } from "./wait.js";

const AGAIN = 1000;

// Of the six connections that a browser has to a server, for all its windows. Whoever has none of these lines looks in
// now and then, for a moment.
const LINES = 2, MOMENT = 1000, SELDOM = 3000;

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

// When one may look whether a store that is gone was made anew.
export async function later(signal) {
    await wait(SELDOM, signal);
    await seen(signal);
}

// What gives a line back to the other windows; null where they have all. Browsers have locks for pages by https and of
// the own machine only: elsewhere a window knows nothing of others, and takes none.
function takeLine(number = 0) {
    if (!navigator.locks || number === LINES)
        return Promise.resolve(null);
    return new Promise((resolve) => {
        navigator.locks.request(`cairn-line-${number}`, { ifAvailable: true }, (lock) => lock === null ?
            resolve(takeLine(number + 1)) : new Promise((giveBack) => resolve(giveBack)))
            .catch(() => resolve(null));
    });
}

// A turn at the server, for as long as somebody looks; and without a line of its own for a moment, from when it began.
class Turn {
    #over = new AbortController();
    #look = () => document.hidden && this.#over.abort();
    isShort = false; // it has ended since it was to

    static async take(signal) {
        const turn = new Turn();
        turn.giveBack = await takeLine();
        turn.signal = AbortSignal.any([signal, turn.#over.signal]);
        document.addEventListener("visibilitychange", turn.#look);
        turn.#look(); // it may be hidden by now
        return turn;
    }

    begin() {
        if (this.giveBack === null)
            this.timer = setTimeout(() => {
                this.isShort = true;
                this.#over.abort();
            }, MOMENT);
    }

    end() {
        clearTimeout(this.timer);
        this.giveBack?.();
        document.removeEventListener("visibilitychange", this.#look);
    }
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

// All events from now on. Where the connection breaks it is taken up again, behind the last one that had an id; what
// the server refuses ends it, as an error. told(true) comes with each connection, told(false) when one is lost. A page
// that nobody looks at lets go of it.
export async function* follow(path, { query = {}, signal, told = () => {} }) {
    let last = null;
    for (let again = AGAIN; !signal.aborted; again = AGAIN) {
        await seen(signal);
        const turn = await Turn.take(signal);
        try {
            const headers = { Accept: "text/event-stream", ...(last === null ? {} : { "Last-Event-ID": last }) };
            const answer = await ask("GET", path, { query, headers, signal: turn.signal });
            told(true);
            turn.begin();
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
        if (!turn.isShort)
            told(false);
        if (!document.hidden)
            await wait(turn.isShort ? SELDOM : again, signal).catch(() => {});
    }
}
