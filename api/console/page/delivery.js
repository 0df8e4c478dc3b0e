// delivery.js - what is saved by way of the courier, a service worker: it fetches with the token, and the browser saves
// what comes as a download of its own, and tells how far it is. See courier.js.

import { make } from "./dom.js";
import { Away, Refusal, elsewhere, orderOf, refused } from "./server.js";

const OFTEN = 10000; // milliseconds between two signs that the courier is still needed
const BEGUN = 60000; // after which a frame is not needed any more: the download has begun

// The policy of the page lets no text become the address of a script: but this one.
const script = () => self.trustedTypes?.createPolicy("courier", { createScriptURL: () => "courier.js" })
    .createScriptURL("") ?? "courier.js";

async function call() {
    const registration = await navigator.serviceWorker.register(script(), { scope: "save/" });
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    while (worker.state !== "activated") {
        if (worker.state === "redundant")
            return null;
        await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
    }
    return worker;
}

let courier = null; // a promise of the worker; of null where there is none

const called = () => courier ??= navigator.serviceWorker ? call().catch(() => null) : Promise.resolve(null);

let staying = null;

function open(worker, id) {
    const frame = make("iframe", { hidden: true, src: `save/${id}` });
    document.body.append(frame);
    setTimeout(() => frame.remove(), BEGUN);
    staying ??= setInterval(() => worker.postMessage({ stay: true }), OFTEN); // nobody tells when a download has ended
}

// Begins to save what is at a path of the server, whose answer says that it is to be saved. False where the browser has
// no courier.
export async function deliver(path) {
    const worker = await called();
    if (worker === null)
        return false;
    const { port1, port2 } = new MessageChannel();
    const said = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
    worker.postMessage(orderOf(path), [port2]);
    const { id, away, sentOn, status, problem, retryAfter } = await said;
    if (away)
        throw new Away();
    if (sentOn)
        throw await elsewhere(path);
    if (status)
        throw refused(new Refusal(status, problem, new Headers(retryAfter ? { "Retry-After": retryAfter } : {})));
    open(worker, id);
    return true;
}
