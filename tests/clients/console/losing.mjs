// Scenes of uploads that might be lost, or said to be there when they are not: answers that do not come, others that send
// the same, files that cannot be read, and who stands in front of the server.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, list, noise, put } from "./stage.mjs";
import { MIB, choose, dock, ended, says, sha256, stored } from "./uploading.mjs";
import { Visitor } from "./visitor.mjs";

const PLACE = "#/store/s/objects/";

const rows = (v) => dock(v).locator(".rows .row:not([hidden])");

async function until(v, holds) {
    for (let tries = 0; tries < 600 && !await holds(); tries++)
        await v.page.waitForTimeout(50);
    return holds();
}

async function arrive({ browser, server, place = PLACE }) {
    const v = await Visitor.arrive(browser, server, { place });
    await v.main.getByRole("grid").waitFor();
    return v;
}

async function leave({ checks }, v) {
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

const asked = (v, method, part) => v.requests.filter((one) => one.method === method && one.path.includes(part)).length;

const unfinished = async (server) => JSON.parse(await ask(server, "GET", "/v1/stores/s")).unfinished_uploads;

// The last answer is lost with the tab. What was brought is deleted, or replaced, or still there when the file is chosen
// again: it is said to be uploaded when it is.
export async function remembered(stage) {
    const { checks, server, folder } = stage, path = join(folder, "remembered.bin"), bytes = noise(9 * MIB);
    await writeFile(path, bytes);
    for (const [what, change, answer] of [
        ["deleted", () => ask(server, "DELETE", "/v1/stores/s/objects/remembered.bin"), null],
        ["replaced", () => put(server, "s", "remembered.bin", "somebody else's"), "Replace"],
        ["left as it is", () => {}, null]]) {
        const v = await arrive(stage);
        let isLost = false;
        await v.page.route("**/uploads/*", async (route) => {
            const response = route.request().method() === "PATCH" ? await route.fetch() : null;
            isLost = response?.headers()["upload-offset"] === String(bytes.length);
            if (!isLost)
                await (response === null ? route.continue() : route.fulfill({ response }));
        });
        await choose(v, "Upload files", [path]);
        await until(v, () => isLost);
        await v.open(PLACE);
        await v.main.getByRole("grid").waitFor();
        await change();
        const before = asked(v, "PATCH", "/uploads/");
        await choose(v, "Upload files", [path]);
        if (answer !== null)
            await v.button(answer, v.question).click();
        await ended(v, "1 file");
        checks.check(`${what}: what is said to be uploaded is there`,
            await stored(server, "remembered.bin") === sha256(bytes));
        checks.check(`${what}: it is sent once more where it is not`,
            asked(v, "PATCH", "/uploads/") > before === (what !== "left as it is"));
        await leave(stage, v);
        await ask(server, "DELETE", "/v1/stores/s/objects/remembered.bin");
    }
}

// Has that piece of a large file wait until it may go on.
async function holdPiece(page, number) {
    let goOn, sent = 0;
    const held = new Promise((resolve) => { goOn = resolve; });
    await page.route("**/uploads/*", async (route) => {
        if (route.request().method() === "PATCH" && ++sent === number)
            await held;
        await route.continue();
    });
    return { came: () => sent === number, goOn };
}

// Who leaves a file out that another tab, or another row, sends just now leaves that alone.
export async function spared(stage) {
    const { checks, server, folder } = stage, path = join(folder, "spared.bin"), bytes = noise(12 * MIB);
    await writeFile(path, bytes);
    const v = await arrive(stage), first = v.page;
    const piece = await holdPiece(first, 4);
    await choose(v, "Upload files", [path]);
    await until(v, piece.came);
    await choose(v, "Upload files", [path]);
    await rows(v).nth(1).filter({ hasText: "Waiting" }).getByRole("button", { name: "Do not upload" }).click();
    v.page = await v.another(PLACE);
    await choose(v, "Upload files", [path]);
    await rows(v).filter({ hasText: "Waiting" }).getByRole("button", { name: "Do not upload" }).click();
    await says(v, /^0 files uploaded, 1 skipped/);
    await v.page.waitForTimeout(500); // nothing is to come
    checks.check("nobody takes away what another one sends", asked(v, "DELETE", "/uploads/") === 0);
    await v.page.close();
    v.page = first;
    piece.goOn();
    await says(v, /^1 file uploaded, 1 skipped/);
    checks.check("and it comes whole", await stored(server, "spared.bin") === sha256(bytes));
    await leave(stage, v);
}

// Browsers have no locks for pages by http of another machine. The rows of one tab know of each other all the same.
export async function unlocked(stage) {
    const { checks, server, folder } = stage, path = join(folder, "unlocked.bin"), bytes = noise(12 * MIB);
    await writeFile(path, bytes);
    const v = await arrive(stage);
    await v.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
    await v.open(PLACE);
    await v.main.getByRole("grid").waitFor();
    const piece = await holdPiece(v.page, 4);
    await choose(v, "Upload files", [path]);
    await until(v, piece.came);
    await choose(v, "Upload files", [path]);
    await choose(v, "Upload files", [path]);
    const waiting = rows(v).filter({ hasText: "Waiting" });
    await waiting.nth(1).waitFor();
    await waiting.first().getByRole("button", { name: "Do not upload" }).click();
    piece.goOn();
    await v.button("Skip them", v.question).click();
    await says(v, /^1 file uploaded, 2 skipped/);
    checks.check("it comes whole, and once", await stored(server, "unlocked.bin") === sha256(bytes) &&
        asked(v, "POST", "/uploads") === 1 && asked(v, "DELETE", "/uploads/") === 0);
    await leave(stage, v);
}

// One that is left out before the server has told where it lies does not stay there.
export async function untold(stage) {
    const { checks, server, folder } = stage, path = join(folder, "untold.bin"), v = await arrive(stage);
    await writeFile(path, noise(9 * MIB));
    const before = await unfinished(server);
    let goOn, isMade = false;
    const held = new Promise((resolve) => { goOn = resolve; });
    await v.page.route("**/v1/stores/s/uploads", async (route) => {
        const response = await route.fetch();
        isMade = true;
        await held;
        await route.fulfill({ response }).catch(() => {});
    });
    await choose(v, "Upload files", [path]);
    await until(v, () => isMade);
    checks.check("an upload is made", await unfinished(server) === before + 1);
    await rows(v).getByRole("button", { name: "Do not upload" }).click();
    await says(v, /^0 files uploaded, 1 skipped/);
    goOn();
    checks.check("and is removed as soon as it is known where it lies",
        await until(v, async () => await unfinished(server) === before));
    await leave(stage, v);
}

// Who stands in front of the server answers in its place: what passes is waited for, and nothing that was sent is taken
// away for what the server has not said. Nor is anything uploaded since somebody says so who is not the server.
export async function fronted(stage) {
    const { checks, server, folder } = stage, bytes = noise(12 * MIB);
    const page = (status) => ({ status, body: `<h1>${status}</h1>`, contentType: "text/html" });
    for (const status of [408, 425, 200, 413, 404]) {
        const path = join(folder, `fronted-${status}.bin`), v = await arrive(stage);
        await writeFile(path, bytes);
        let sent = 0;
        await v.page.route("**/uploads/*", (route) => route.request().method() === "PATCH" && ++sent === 4 ?
            route.fulfill(page(status)) : route.continue());
        await choose(v, "Upload files", [path]);
        if (status === 413 || status === 404) {
            await says(v, /^0 files uploaded, 1 failed/);
            await v.button("Try again", dock(v)).click();
        }
        await ended(v, "1 file");
        checks.check(`${status}: what was sent stays`, asked(v, "DELETE", "/uploads/") === 0 &&
            asked(v, "POST", "/uploads") === 1);
        checks.check(`${status}: and it comes whole`, await stored(server, `fronted-${status}.bin`) === sha256(bytes));
        await leave(stage, v);
    }
    const v = await arrive(stage), small = [0, 1, 2].map((number) =>
        ({ name: `fronted-${number}`, mimeType: "", buffer: noise(number === 0 ? 100000 : 100) }));
    let asks = 0;
    await v.page.route(/\/batch$|objects\/fronted-0$/, (route) =>
        ++asks <= 2 ? route.fulfill(page(200)) : route.continue());
    await choose(v, "Upload files", small);
    await ended(v, "3 files");
    checks.check("200 of somebody else: small ones are there", (await list(server, "s", "prefix=fronted-")).length === 8,
        await list(server, "s", "prefix=fronted-"));
    await leave(stage, v);
}

// A file that can be read at its beginning only fails alone, and not the server.
export async function halfway(stage) {
    const { checks, server } = stage, v = await arrive(stage);
    await v.page.evaluate(() => {
        const { arrayBuffer } = Blob.prototype;
        Blob.prototype.arrayBuffer = function () { // a disk with a fault
            return this.size === 200000 || this.size === 1 << 20 ?
                Promise.reject(new DOMException("The browser's own words", "NotReadableError")) : arrayBuffer.call(this);
        };
    });
    await v.page.route("**/objects/halfway-0", (route) => route.abort());
    const file = (number, size) => ({ name: `halfway-${number}`, mimeType: "", buffer: noise(size) });
    await choose(v, "Upload files", [file(0, 200000), file(1, 9 * MIB), file(2, 300000), file(3, 100)]);
    await says(v, /^2 files uploaded, 2 failed/);
    const told = await rows(v).filter({ hasText: "This file cannot be read" }).count();
    checks.check("each is told what it is", told === 2, await rows(v).allTextContents());
    checks.check("and the server is not asked whether it is there", asked(v, "GET", "/healthz") === 0);
    checks.check("all others come", (await list(server, "s", "prefix=halfway-")).length === 2);
    await leave(stage, v);
}

// What could be read of a folder does not come once more when the rest is tried again.
export async function continued(stage) {
    const { checks, server, folder } = stage, root = join(folder, "continued"), all = 150;
    await mkdir(root);
    for (let i = 0; i < all; i++)
        await writeFile(join(root, `f${i}`), `content ${i}`);
    await put(server, "s", "continued/f0", "old");
    const v = await arrive(stage);
    await v.page.evaluate(() => {
        const { webkitGetAsEntry } = DataTransferItem.prototype;
        let calls = 0;
        DataTransferItem.prototype.webkitGetAsEntry = function () { // a share that is away for a moment
            const entry = webkitGetAsEntry.call(this), reader = Object.getPrototypeOf(entry.createReader());
            const { readEntries } = reader;
            reader.readEntries = function (good, bad) {
                if (++calls === 2)
                    bad(new DOMException("", "NotReadableError"));
                else
                    readEntries.call(this, good, bad);
            };
            return entry;
        };
    });
    await v.drop([root], v.grid);
    await v.button("Keep both", v.question).click();
    await says(v, /^100 files uploaded, 1 failed/);
    await v.button("Retry what failed").click();
    await ended(v, `${all} files`);
    const { length } = await list(server, "s", "prefix=continued/&limit=1000");
    checks.check("each file has come once", length === all + 1, length);
    await leave(stage, v);
}

// Chromium makes slashes of the backslashes in the paths of a folder that is chosen.
export async function slashed(stage) {
    const { checks, server, folder } = stage, root = join(folder, "slashed"), v = await arrive(stage);
    await mkdir(join(root, "a"), { recursive: true });
    await writeFile(join(root, "a", "b"), "in a folder");
    await writeFile(join(root, "a\\b"), "with a backslash");
    await choose(v, "Upload a folder", root);
    await ended(v, "2 files");
    const keys = async () => (await list(server, "s", "prefix=slashed/")).map(({ key, size }) => `${key} ${size}`).join();
    checks.check("a file has the name that it has", await keys() === "slashed/a/b 11,slashed/a\\b 16", await keys());
    await mkdir(join(root, "c", "d"), { recursive: true });
    await mkdir(join(root, "c\\d"));
    await writeFile(join(root, "c", "d", "e"), "1");
    await writeFile(join(root, "c\\d", "e"), "2");
    await choose(v, "Upload a folder", root);
    await v.told("slashed/c/d/e");
    checks.check("of two that cannot be told apart none is lost: neither comes", !(await keys()).includes("d/e"),
        await keys());
    await leave(stage, v);
}
