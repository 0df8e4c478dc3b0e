// server.js - requests to the server that the page came from, with the token of who looks at it.

import { Refusal } from "./refusal.js";
import { words } from "./words.js";

export { Refusal };

// The page lies at console/ below whatever path the server goes by.
const root = new URL("../", document.baseURI);

let token = null;
let whenRefused = () => {}, whenForbidden = () => {};

// What every request shows from now on; `refused` is called when the server wants another one, `forbidden` when it does
// not allow what was asked.
export function showToken(value, refused, forbidden) {
    token = value;
    [whenRefused, whenForbidden] = [refused, forbidden];
}

export const hasToken = () => token !== null;

export const url = (path) => new URL(path, root);

// Nobody has answered. Whether the request was done is not known.
export class Away extends Error {
    constructor() {
        super(words.server.away);
    }
}

// The line was too slow; somebody else holds an upload; it is too early, or there are too many requests; there is too
// much to do, or nobody behind a proxy.
const FOR_A_WHILE = [408, 423, 425, 429, 502, 503, 504];

// A fault that passes by itself: trying again is worth it, after a while (`wait`).
export const passes = (error) => error instanceof Away ||
    (error instanceof Refusal && FOR_A_WHILE.includes(error.status) && error.kind !== "store-failed");

let ahead = NaN; // of the clock of this machine, as the last answer had the time: milliseconds

// The second that it is by the clock of the server, or the one before.
export const moment = () => Math.floor((Date.now() + ahead) / 1000) * 1000;

// Every answer of the server has a number; those of who stands in front of it mostly have none.
export const isNumbered = ({ headers }) => headers.has("X-Request-Id");

// Whoever is told of it: a token that is not known any more is asked for again, unless another one is shown by now.
export function refused(refusal, shown = token) {
    if (refusal.status === 401 && shown === token)
        whenRefused();
    if (refusal.status === 403)
        whenForbidden();
    return refusal;
}

const awayOf = (error) => error.name === "AbortError" ? error : new Away();

// An answer to HEAD has no body that says what is the case: that to a GET has, and where it is another refusal by then
// that one counts. Where nothing is refused any more the status alone is known; where nobody answers, nothing.
async function refusal(answer, again, shown) {
    const told = again === null ? answer : await again().catch((error) => { throw awayOf(error); });
    if (told.status < 400) {
        told.body?.cancel();
        return refused(new Refusal(answer.status), shown);
    }
    const problem = await told.json().catch((error) => {
        if (!(error instanceof SyntaxError))
            throw awayOf(error);
        return {};
    });
    return refused(new Refusal(told.status, problem, told.headers), shown);
}

// Another server has the store. A page is not told where it is sent, and asks no other server than its own: it asks who
// has the store, so that somebody may go there. Where it is here by now, it may be asked for once more.
export async function elsewhere(path, signal) {
    const [, store, rest] = /^v1\/stores\/([^/?]+)(.*)$/.exec(path) ?? [];
    if (store === undefined || rest === "/owner")
        return new Refusal(307); // whoever stands in front of the server has sent it on
    const { here, url: at } = await askJson("GET", `v1/stores/${store}/owner`, { signal });
    return here ? new Refusal(503, { type: "not-here" }) : new Refusal(307, { type: "elsewhere", at });
}

// What somebody else needs to ask the same.
export const orderOf = (path) => ({ url: url(path).href, token });

function address(path, query) {
    const target = url(path);
    for (const [name, value] of Object.entries(query))
        if (value !== null && value !== undefined && value !== "")
            target.search += `${target.search ? "&" : ""}${name}=${value}`;
    return target;
}

// Asks, and answers a Response whose status is good. What was stored by the browser is neither asked for nor kept: it
// would be shown beside what is new, and to whoever comes behind a token. The values of a query are escaped already:
// prefixes are bytes.
export async function ask(method, path, { query = {}, headers = {}, json, body, signal } = {}) {
    const head = new Headers(headers), shown = token;
    if (token !== null && !head.has("Authorization"))
        head.set("Authorization", `Bearer ${token}`);
    if (json !== undefined)
        head.set("Content-Type", "application/json");
    const target = address(path, query), order = { headers: head, signal, cache: "no-store", redirect: "manual" };
    let answer;
    try {
        answer = await fetch(target, { ...order, method, body: json === undefined ? body : JSON.stringify(json) });
    } catch (error) {
        throw awayOf(error);
    }
    ahead = Date.parse(answer.headers.get("Date")) - Date.now();
    if (answer.type === "opaqueredirect")
        throw await elsewhere(path, signal);
    if (!answer.ok)
        throw await refusal(answer, method === "HEAD" ? () => fetch(target, order) : null, shown);
    return answer;
}

// The same where the answer is JSON.
export async function askJson(method, path, options) {
    const answer = await ask(method, path, options);
    try {
        return await answer.json();
    } catch (error) {
        throw awayOf(error);
    }
}
