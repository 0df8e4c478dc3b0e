// refusal.js - the server has answered, and not what was asked for. Its own sentence is for programs, which header to
// send or which member is wrong. People are told theirs, by the kind of refusal, and can open the server's.

import * as format from "./format.js";
import { words } from "./words.js";

// "urn:problem-type:cairn:no-store" is of the kind no-store, and what the page itself says has no more than that.
// Whoever stands in front of the server may answer, too, and says no kind.
const kindOf = ({ type }) => /^(?:urn:problem-type:cairn:)?([a-z-]+)$/.exec(type ?? "")?.[1] ?? "";

function quota({ of, used, limit, added }) {
    const write = of === "bytes" ? format.bytes : format.number;
    return words.quota({ used: write(used), limit: write(limit), added: write(added) });
}

function sentence(status, problem) {
    if (problem.quota)
        return quota(problem.quota);
    return words.refusals[kindOf(problem)] ?? words.server.statuses[status] ?? words.server.status(status);
}

const LONGEST = 3600000; // timers take no more than 24 days, and nobody means so much

// How long to wait before one asks again, in milliseconds: it is told in seconds or as a date (RFC 9110, 10.2.3).
function waitOf(text) {
    if (!text)
        return 0;
    const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
    return Math.min(LONGEST, Math.max(0, wait) || 0);
}

export class Refusal extends Error {
    constructor(status, problem = {}, headers = new Headers()) {
        super(sentence(status, problem));
        this.status = status;
        this.kind = kindOf(problem);
        this.isOwn = this.kind !== "" || headers.has("Tus-Resumable"); // it is the server that says so
        this.detail = problem.detail ?? problem.title ?? null;
        this.wait = waitOf(headers.get("Retry-After"));
        this.at = problem.at ?? null; // where another server has what was asked for
    }
}
