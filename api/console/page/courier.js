// courier.js - a service worker: it fetches what is to be saved, with the token of who saves it, and hands the answer to
// the browser, which saves it as a download of its own. The bytes pass by no script, so nothing is held in memory,
// however large it is; and no token is in an address.
//
// A page orders { url, token } and is told, through the port that came with it, { id } or what was refused. Then it opens
// save/ID in a frame, and what comes there is the answer. A browser ends workers that have nothing to do, and what they
// have fetched may end with them: so pages send { stay } now and then.

const STAY = 20000; // milliseconds that a { stay } is good for; pages send one more often
const WAITING = 60000; // that an answer waits for its frame

const answers = new Map(); // by id

const passing = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

self.addEventListener("install", () => self.skipWaiting());

async function refuse(port, answer) {
    const problem = await answer.json().catch(() => ({}));
    port.postMessage({ status: answer.status, problem, retryAfter: answer.headers.get("Retry-After") });
}

async function take({ url, token }, port) {
    const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    const answer = await fetch(url, { headers, cache: "no-store", redirect: "manual" }).catch(() => null);
    if (answer === null)
        return port.postMessage({ away: true });
    if (answer.type === "opaqueredirect")
        return port.postMessage({ sentOn: true });
    if (!answer.ok)
        return refuse(port, answer);
    const id = crypto.randomUUID();
    answers.set(id, answer);
    port.postMessage({ id });
    await passing(WAITING);
    return answers.delete(id) ? answer.body.cancel() : null;
}

self.addEventListener("message", (event) => {
    event.waitUntil(event.data.stay ? passing(STAY) : take(event.data, event.ports[0]));
});

// What is not there is answered by the server, which has nothing there either.
self.addEventListener("fetch", (event) => {
    const id = new URL(event.request.url).pathname.split("/").pop(), answer = answers.get(id);
    answers.delete(id);
    if (answer)
        event.respondWith(answer);
});
