// Uploads of pages in Chromium, by tus-js-client, by Uppy and by examples/upload.html, while the network goes away and comes back:
//
//     node pages.mjs CAIRND MODULES EXAMPLES
//
// MODULES is the folder that npm has installed into, EXAMPLES that of upload.html. The pages are of another origin than the server.

import { readFile, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Cairn } from "./cairn.mjs";
import { killAll } from "./cairnd.mjs";
import { Checks, MIB, digestOf } from "./checks.mjs";
import { Line } from "./line.mjs";

const [, , , modules, examples] = process.argv;
const size = 24 * MIB + 321;
const checks = new Checks("uploads of pages");

const files = {
    "/": () => "<!doctype html><title>uploads</title><script src=/tus.js></script><script src=/uppy.js></script>",
    "/tus.js": () => readFile(join(modules, "tus-js-client/dist/tus.min.js")),
    "/uppy.js": () => readFile(join(modules, "uppy/dist/uppy.min.js")),
    "/upload.html": () => readFile(join(examples, "upload.html")),
};

async function servePages() {
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url, "http://localhost");
        response.setHeader("Content-Type", pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8");
        response.end(await files[pathname]?.());
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://localhost:${server.address().port}`, close: () => server.close() };
}

// ---- in the page -------------------------------------------------------------------------------------

// A file that nobody can guess, and its digest.
const makeFile = (page, length) => page.evaluate(async (bytes) => {
    const parts = [];
    for (let left = bytes; left > 0; left -= 65536)
        parts.push(crypto.getRandomValues(new Uint8Array(Math.min(left, 65536))));
    self.file = new File(parts, "noise.bin", { type: "application/x-noise" });
    const digest = await crypto.subtle.digest("SHA-256", await self.file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}, length);

// tus-js-client does not try again while the browser says that there is no network: the page goes on when there is one.
function uploadByTus({ endpoint, key }) {
    return new Promise((resolve) => {
        const upload = new tus.Upload(self.file, { endpoint, chunkSize: 4 << 20,
            retryDelays: [0, 200, 200, 500, 500, 1000, 1000, 1000], metadata: { key, filetype: self.file.type },
            onSuccess: () => resolve("success"),
            onError: (error) => {
                if (navigator.onLine)
                    resolve(String(error));
                else
                    addEventListener("online", () => upload.start(), { once: true });
            } });
        upload.start();
    });
}

// Uppy keeps the name and the type of a file as metadata; the key is one that is added.
async function uploadByUppy({ endpoint, key }) {
    const uppy = new Uppy.Uppy({ autoProceed: false });
    uppy.use(Uppy.Tus, { endpoint, chunkSize: 4 << 20, retryDelays: [0, 200, 200, 500, 500, 1000, 1000, 1000],
        allowedMetaFields: ["key", "filetype"] });
    uppy.addFile({ name: self.file.name, type: self.file.type, data: self.file, meta: { key, filetype: self.file.type } });
    const { successful, failed } = await uppy.upload();
    return successful.length === 1 ? "success" : String(failed[0]?.error);
}

// The example's page keeps on by itself; here it is only given the file.
async function uploadByExample({ endpoint, key }) {
    const frame = document.createElement("iframe");
    frame.src = `/upload.html?uploads=${encodeURIComponent(endpoint)}`;
    document.body.append(frame);
    await new Promise((resolve) => { frame.onload = resolve; });
    const page = frame.contentDocument, chosen = new DataTransfer();
    chosen.items.add(new File([self.file], key, { type: self.file.type }));
    page.querySelector("input").files = chosen.files;
    page.querySelector("input").dispatchEvent(new Event("change"));
    while (page.querySelector("output").value === "")
        await new Promise((resolve) => setTimeout(resolve, 50));
    return page.querySelector("output").value === "done" ? "success" : page.querySelector("output").value;
}

// ---- scenes --------------------------------------------------------------------------------------------

// Three times: the browser has no network, the line breaks, the server is killed.
async function disturb(context, cairn, line) {
    await line.after(line.sent + 5 * MIB);
    await context.setOffline(true);
    line.cut();
    await new Promise((resolve) => setTimeout(resolve, 1000)); // retries meanwhile find nobody
    line.mend();
    await context.setOffline(false);
    await line.after(line.sent + 5 * MIB);
    line.cut();
    line.mend();
    await line.after(line.sent + 5 * MIB);
    await cairn.crash();
}

async function disturbed(cairn, line, context, page, upload, key) {
    const digest = await makeFile(page, size), before = line.sent;
    const disturbance = disturb(context, cairn, line);
    const outcome = await page.evaluate(upload, { endpoint: `http://127.0.0.1:${line.port}/v1/stores/s/uploads`, key });
    checks.check(`${key}: it ends well`, outcome === "success", outcome);
    if (outcome === "success")
        await disturbance;
    const stored = await digestOf(`${cairn.store}/objects/${key}`);
    checks.check(`${key}: the same bytes`, stored === digest, stored);
    const { headers } = await fetch(`${cairn.store}/objects/${key}`, { method: "HEAD" });
    checks.check(`${key}: its type`, headers.get("content-type") === "application/x-noise", headers);
    checks.check(`${key}: what was there is not sent again`, line.sent - before < size + 16 * MIB, line.sent - before);
}

// It is done at once, and nothing is remembered of it.
async function empty(cairn, page) {
    await makeFile(page, 0);
    const first = await page.evaluate(uploadByExample, { endpoint: `${cairn.store}/uploads`, key: "empty" });
    checks.check("example: an empty file ends well", first === "success", first);
    const kept = await page.evaluate(() => Object.keys(localStorage).filter((name) => name.startsWith("upload of ")));
    checks.check("example: nothing is remembered of what is done", kept.length === 0, kept);
}

async function parallel(cairn, page) {
    const digest = await makeFile(page, size);
    const outcome = await page.evaluate(({ endpoint }) => new Promise((resolve) => {
        new tus.Upload(self.file, { endpoint, parallelUploads: 3, metadata: { key: "parts" },
            onSuccess: () => resolve("success"), onError: (error) => resolve(String(error)) }).start();
    }), { endpoint: `${cairn.store}/uploads` });
    checks.check("parallel parts end well", outcome === "success", outcome);
    const stored = await digestOf(`${cairn.store}/objects/parts`);
    checks.check("parallel parts are the same bytes", stored === digest, stored);
}

// ---- all of it -----------------------------------------------------------------------------------------

const folder = await mkdtemp(join(tmpdir(), "cairn-pages-"));
const pages = await servePages();
const cairn = await Cairn.start(join(folder, "data"), "--cors-origins", pages.url);
const line = await Line.open(cairn.port);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", chromiumSandbox: false });
try {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(pages.url);
    await checks.run(disturbed, cairn, line, context, page, uploadByTus, "tus-js-client");
    await checks.run(disturbed, cairn, line, context, page, uploadByUppy, "uppy");
    await checks.run(disturbed, cairn, line, context, page, uploadByExample, "example");
    await checks.run(empty, cairn, page);
    await checks.run(parallel, cairn, page);
    await cairn.stop();
} finally {
    await browser.close();
    line.close();
    killAll();
    pages.close();
    await rm(folder, { recursive: true });
}
checks.end();
