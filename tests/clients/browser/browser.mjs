// What pages may do with a cairn, in a real Chromium without a screen:
//
//     node browser.mjs CAIRND SHIFTED_CLOCK
//
// SHIFTED_CLOCK is the library of tests/http/preload. Pages come from three origins: that of the server, one that
// --cors-origins allows, and a stranger's. They differ in name and port, as localhost and 127.0.0.1 are two sites.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { killAll, startCairnd } from "./cairnd.mjs";

const [, , , shiftedClock] = process.argv;
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const day = 24 * 60 * 60;
let passed = 0;
let failed = 0;

function check(title, holds, seen) {
    if (holds) {
        passed++;
        return;
    }
    failed++;
    console.log(`FAILED browser: ${title}:`, seen);
}

// ---- servers ------------------------------------------------------------------------------------

// A server of nothing but pages.
async function servePages() {
    const server = createServer((request, response) => {
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        response.end(`<!doctype html><title>a page</title><p id="place">${request.url}</p>`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { port: server.address().port, close: () => server.close() };
}

// A cairnd by whose clock it is so many seconds later.
async function startCairn(data, flags, shift = 0) {
    const environment = shift === 0 ? {} : { LD_PRELOAD: shiftedClock, SHIFTED_CLOCK: String(shift) };
    const { port, end } = await startCairnd(data, flags, environment);
    return { port, end, stop: () => end("SIGTERM") };
}

// A request as no browser makes it.
async function ask(method, url, body, headers = {}) {
    const answer = await fetch(url, { method, body, headers });
    return { status: answer.status, text: await answer.text() };
}

// ---- in the page --------------------------------------------------------------------------------

// What a script of the page sees of a request; `error` where the browser keeps the answer to itself.
function inPage(page, url, options = {}) {
    return page.evaluate(async ([target, more]) => {
        try {
            const answer = await fetch(target, more);
            return { status: answer.status, type: answer.type, headers: Object.fromEntries(answer.headers),
                     text: await answer.text() };
        } catch (error) {
            return { error: String(error) };
        }
    }, [url, options]);
}

// What the first event of a store's changes tells; null where the browser keeps it to itself.
const firstEvent = (page, url) => page.evaluate((target) => new Promise((resolve) => {
    const source = new EventSource(target);
    const end = (told) => source.close() ?? resolve(told);
    source.onmessage = (event) => end(JSON.parse(event.data).changes[0]?.key);
    source.onerror = () => end(null);
}), url);

// ---- an origin that is allowed --------------------------------------------------------------------

async function uploads(page, store) {
    const put = await inPage(page, `${store}/objects/photo`, {
        method: "PUT", body: "0123456789",
        headers: { "Content-Type": "image/x-test", "Cairn-Meta-Owner": "ada", "If-None-Match": "*",
                   "Cache-Control": "max-age=60" },
    });
    check("an allowed page uploads", put.status === 201, put);
    check("it sees the ETag and where it is",
        /^"[0-9a-f]{32}"$/.test(put.headers?.etag) && put.headers?.location?.endsWith("/objects/photo"), put);
    const again = await inPage(page, `${store}/objects/photo`, {
        method: "PUT", body: "x", headers: { "If-None-Match": "*" } });
    check("it sees why it is refused", again.status === 412 && again.text.includes("precondition-failed"), again);
    const form = await page.evaluate(async (url) => {
        const parts = new FormData();
        parts.append("from/a/form", new Blob(["form"]), "f");
        return (await fetch(url, { method: "POST", body: parts })).status;
    }, `${store}/batch`);
    check("it sends a form", form === 200, form);
    const moved = await inPage(page, `${store}/objects/from%2Fa%2Fform`, {
        method: "MOVE", headers: { Destination: `${new URL(store).pathname}/objects/moved` } });
    check("it moves an object", moved.status === 201, moved);
    const deleted = await inPage(page, `${store}/objects/moved`, { method: "DELETE" });
    check("it deletes one", deleted.status === 200, deleted);
}

async function downloads(page, store) {
    const part = await inPage(page, `${store}/objects/photo`, { headers: { Range: "bytes=2-4" } });
    check("an allowed page downloads a range", part.status === 206 && part.text === "234", part);
    check("it sees which, and what is kept with it", part.headers?.["content-range"] === "bytes 2-4/10" &&
        part.headers?.["cairn-meta-owner"] === "ada" && part.headers?.["accept-ranges"] === "bytes", part);
    const list = await inPage(page, `${store}/objects?prefix=ph`);
    check("it lists", list.status === 200 && JSON.parse(list.text).objects[0]?.key === "photo", list);
    const first = await firstEvent(page, `${store}/changes`);
    check("it follows the store", first === "photo", first);
    const absent = await inPage(page, `${store}/objects/absent`);
    check("it sees a 404, and its request's name",
        absent.status === 404 && absent.text.includes("no-object") && absent.headers?.["x-request-id"], absent);
    const kept = await inPage(page, `${store}/objects/photo`, { credentials: "include" });
    check("credentials that a browser keeps are not allowed", kept.error, kept);
}

// ---- a stranger --------------------------------------------------------------------------------------

// Submits a form as the page of a stranger does it without a script's help, and tells what is shown then.
async function submitForm(page, action) {
    await page.setContent(`<form id="form" method="post" enctype="multipart/form-data" action="${action}">
        <input name="victim" value="overwritten"></form>`);
    const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate("form.submit()")]);
    return { status: answer.status(), text: await answer.text() };
}

async function attacks(page, place, store) {
    const victim = `${store}/objects/victim`;
    await ask("PUT", victim, "precious");
    const unchanged = async (how) => {
        const now = await ask("GET", victim);
        check(`${place}: ${how} changes nothing`, now.status === 200 && now.text === "precious", now);
    };
    const form = await submitForm(page, `${store}/batch`);
    check(`${place}: a form is refused`, form.status === 403 && form.text.includes("cross-site"), form);
    await unchanged("a form");
    await page.goto(`http://${place}/`);
    const simple = await inPage(page, `${store}/batch`,
        { method: "POST", mode: "no-cors", body: new URLSearchParams() });
    check(`${place}: a simple request tells nothing`, simple.type === "opaque" && simple.status === 0, simple);
    const multipart = await page.evaluate(async (url) => {
        const parts = new FormData();
        parts.append("victim", "overwritten");
        return (await fetch(url, { method: "POST", mode: "no-cors", body: parts })).type;
    }, `${store}/batch`);
    check(`${place}: nor does a form from a script`, multipart === "opaque", multipart);
    await unchanged("a simple request");
    for (const method of ["PUT", "DELETE", "MOVE"]) {
        const answer = await inPage(page, victim, { method, headers: { Destination: "/v1/stores/s/objects/stolen" } });
        check(`${place}: ${method} is not even sent`, answer.error, answer);
        await unchanged(method);
    }
    const followed = await firstEvent(page, `${store}/changes`);
    check(`${place}: it follows nothing`, followed === null, followed);
    for (const url of [victim, `${store}/objects`, new URL("/metrics", store).href]) {
        const answer = await inPage(page, url);
        check(`${place}: it sees nothing of ${new URL(url).pathname}`, answer.error, answer);
    }
}

// A page of another site that embeds an object as a script would see its variables.
const embed = (page, url) => page.evaluate((source) => new Promise((resolve) => {
    const element = document.createElement("script");
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("refused");
    element.src = source;
    document.head.append(element);
}), url);

async function embeds(page, store, strangers) {
    const url = `${store}/objects/settings.js`;
    await ask("PUT", url, "var secret = 1;", { "Content-Type": "text/javascript" });
    await page.goto(`http://localhost:${strangers.port}/`);
    for (const [host, then] of [["127.0.0.1", "refused"], ["localhost", "loaded"]]) {
        const outcome = await embed(page, url.replace("127.0.0.1", host));
        check(`a page of localhost embeds a script of ${host}: ${then}`, outcome === then, outcome);
    }
}

// The name of an attacker, which leads to this machine by now: its page and the server are of one origin.
async function rebinding(page, server) {
    const rebound = `http://evil.example:${new URL(server).port}`;
    await page.goto(`${rebound}/healthz`);
    for (const [method, path] of [["GET", "/v1/stores"], ["PUT", "/v1/stores/s/objects/victim"], ["DELETE", "/v1/stores/s"]]) {
        const answer = await inPage(page, `${rebound}${path}`, { method });
        check(`a name that was pointed here may not ${method}`, answer.status === 421, answer);
    }
}

// ---- objects that are pages ----------------------------------------------------------------------------

const script = "<!doctype html><title>asleep</title><p>text</p><script>document.title = 'awake'</script>";

async function sandbox(page, server, store) {
    await page.goto(server);
    await page.setContent(script);
    check("such a script runs where nothing holds it", await page.title() === "awake", await page.title());
    await ask("PUT", `${store}/objects/evil.html`, script, { "Content-Type": "text/html" });
    await page.goto(`${store}/objects/evil.html`);
    check("an object's script does not run", await page.title() === "asleep", await page.title());
    const origin = await page.evaluate("self.origin");
    check("an object has an origin of its own", origin === "null", origin);
    const seen = await inPage(page, `${store}/objects`);
    check("it sees nothing of the server", seen.error, seen);
    const written = await inPage(page, `${store}/objects/victim`, { method: "PUT", body: "overwritten" });
    const victim = await ask("GET", `${store}/objects/victim`);
    check("it changes nothing", written.error && victim.text === "precious", written);
    await ask("PUT", `${store}/objects/notes`, script, { "Content-Type": "text/plain" });
    await page.goto(`${store}/objects/notes`);
    const type = await page.evaluate("document.contentType");
    check("text is no page", type === "text/plain" && await page.title() !== "awake", type);
    await page.goto(server);
    const loaded = await embed(page, `${store}/objects/notes`);
    check("text is no script", loaded === "refused", loaded);
}

async function saves(page, server, store) {
    await page.goto(server);
    const name = "Bericht \u00fcber \u20ac \"2026\".txt";
    const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.evaluate((url) => { location.href = url; }, `${store}/objects/notes?download=${encodeURIComponent(name)}`),
    ]);
    const suggested = download.suggestedFilename();
    check("a download has the name that was asked for", suggested.replaceAll("_", "\"") === name, suggested);
}

// ---- caches -----------------------------------------------------------------------------------------------

// An object of ten days ago may be taken for fresh for a day, by browsers that are told nothing.
async function caches(browser, data) {
    const past = await startCairn(data, ["--listen", "127.0.0.1:0", "--stores", "s"], -10 * day);
    for (const key of ["aged", "kept"])
        await ask("PUT", `http://127.0.0.1:${past.port}/v1/stores/s/objects/${key}`, "old",
            key === "kept" ? { "Cache-Control": "max-age=3600" } : {});
    await past.stop();
    const cairn = await startCairn(data, ["--listen", "127.0.0.1:0"]);
    const server = `http://127.0.0.1:${cairn.port}`;
    const page = await browser.newPage();
    await page.goto(`${server}/`);
    const get = async (key) => (await inPage(page, `${server}/v1/stores/s/objects/${key}`)).text;
    for (const [key, then] of [["aged", "new"], ["kept", "old"]]) {
        const before = await get(key);
        await ask("PUT", `${server}/v1/stores/s/objects/${key}`, "new");
        const after = await get(key);
        check(`the ${key} object is ${then} once it is replaced`, before === "old" && after === then, [before, after]);
    }
    await page.close();
    await cairn.stop();
}

// ---- following a store --------------------------------------------------------------------------------------

// An EventSource that keeps what it is told, and how often its connection was opened.
const startFollowing = (page, url) => page.evaluate((target) => {
    window.told = [];
    window.opened = 0;
    window.source = new EventSource(target);
    source.onopen = () => { opened++; };
    source.onmessage = (event) => told.push(...JSON.parse(event.data).changes.map(({ op, key }) => `${op} ${key}`));
    source.addEventListener("gone", (event) => { window.gone = JSON.parse(event.data).type; source.close(); });
}, url);

// The server ends, by itself and by force, and things happen before the browser has come back.
async function follows(browser, data) {
    let cairn = await startCairn(data, ["--listen", "127.0.0.1:0", "--stores", "s"]);
    const place = `127.0.0.1:${cairn.port}`, store = `http://${place}/v1/stores/s`, page = await browser.newPage();
    const expected = [];
    const put = async (key) => {
        expected.push(`put ${key}`);
        await ask("PUT", `${store}/objects/${key}`, key);
    };
    await put("first");
    await page.goto(`http://${place}/`);
    await startFollowing(page, `${store}/changes?since=0`);
    for (const [round, signal] of ["SIGTERM", "SIGKILL", "SIGTERM"].entries()) {
        await put(`before-${round}`);
        await page.waitForFunction((count) => told.length === count, expected.length);
        await cairn.end(signal);
        cairn = await startCairn(data, ["--listen", place]);
        for (let i = 0; i < 20; i++)
            await put(`after-${round}-${i}`);
        await page.waitForFunction((count) => told.length >= count, expected.length);
    }
    const [told, opened] = await page.evaluate(() => [told, opened]);
    check("an EventSource misses nothing, and gets nothing twice", told.join() === expected.join(), told);
    check("it came back by itself", opened === 4, opened);
    await ask("DELETE", `${store}?force=true`);
    await page.waitForFunction(() => window.gone);
    const gone = await page.evaluate(() => gone);
    check("it is told that the store is gone", gone === "urn:problem-type:cairn:no-store", gone);
    await page.close();
    await cairn.stop();
}

// ---- all of it ----------------------------------------------------------------------------------------------

async function origins(browser, data, allowedPages, strangers) {
    const allowed = `http://localhost:${allowedPages.port}`;
    const cairn = await startCairn(data, ["--listen", "127.0.0.1:0", "--stores", "s", "--cors-origins", allowed]);
    const server = `http://127.0.0.1:${cairn.port}`, store = `${server}/v1/stores/s`;
    const page = await browser.newPage();
    await page.goto(`${allowed}/`);
    await uploads(page, store);
    await downloads(page, store);
    for (const place of [`localhost:${strangers.port}`, `127.0.0.1:${strangers.port}`]) {
        await page.goto(`http://${place}/`);
        await attacks(page, place, store);
    }
    await embeds(page, store, strangers);
    await rebinding(page, server);
    await sandbox(page, `${server}/`, store);
    await saves(page, `${server}/`, store);
    await page.close();
    await cairn.stop();
}

const folder = await mkdtemp(join(tmpdir(), "cairn-browser-"));
const browser = await chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false,
    args: ["--host-resolver-rules=MAP evil.example 127.0.0.1"] });
const allowedPages = await servePages();
const strangers = await servePages();
try {
    await origins(browser, join(folder, "origins"), allowedPages, strangers);
    await caches(browser, join(folder, "caches"));
    await follows(browser, join(folder, "follows"));
} finally {
    await browser.close();
    killAll();
    allowedPages.close();
    strangers.close();
    await rm(folder, { recursive: true });
}
console.log(`browser: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
