// Scenes of uploads: files and folders, over lines that break and to a server that is killed, and what is done where a
// key is taken.

import { createHash } from "node:crypto";
import { mkdir, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { Line } from "./line.mjs";
import { ask, batch, list, noise, put } from "./stage.mjs";
import { NARROW, Visitor, WIDE } from "./visitor.mjs";

export const MIB = 1 << 20;

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
export const stored = async (server, path) =>
    sha256(Buffer.from(await (await fetch(`${server}/v1/stores/s/objects/${path}`)).arrayBuffer()));
export const dock = (v) => v.page.getByRole("region", { name: "Uploads" });
export async function says(v, text, timeout = 60000) {
    const status = dock(v).getByRole("status");
    await status.filter({ hasText: text }).waitFor({ timeout }).catch(async (error) => {
        throw new Error(`it says "${await status.textContent()}": ${error.message}`);
    });
}
export const ended = (v, count) => says(v, new RegExp(`^${count} uploaded`));

async function tree(folder, name, count, length = 0, each = 100) {
    const root = join(folder, name);
    for (let i = 0; i < count; i += each)
        await mkdir(join(root, `part-${i / each}`), { recursive: true });
    const path = (i) => join(root, `part-${Math.floor(i / each)}`, `file-${i}.txt`);
    await Promise.all(Array.from({ length: count }, (_, i) => writeFile(path(i), `content ${i} `.padEnd(length, "."))));
    return root;
}

// Chosen by the input behind the button.
export const choose = (v, name, paths) => v.page.locator(`input[type=file][aria-label="${name}"]`).setInputFiles(paths);

export async function cleared(v) {
    await v.button("Clear what is done", dock(v)).click();
    await dock(v).waitFor({ state: "hidden" });
}

export async function files({ checks, visitor: v, folder }) {
    await v.go("#/store/s/objects/in/");
    await v.main.getByText("There is nothing in this folder").waitFor();
    const one = join(folder, "käse #1.txt"), two = join(folder, "empty");
    await writeFile(one, "cheese");
    await writeFile(two, "");
    await choose(v, "Upload files", [one, two]);
    await ended(v, "2 files");
    await v.row("käse #1.txt").waitFor();
    const objects = await list(v.server, "s", "prefix=in/");
    checks.check("files become objects", objects.map(({ key, size }) =>
        `${key} ${size}`).join() === "in/empty 0,in/käse #1.txt 6", objects);
    checks.check("with their types", objects[1].content_type === "text/plain", objects);
    await cleared(v);
    const root = await tree(folder, "dropped", 300);
    const three = join(folder, "beside.txt");
    await writeFile(three, "beside");
    await v.drop([root, three], v.grid);
    await ended(v, "301 files");
    await v.row("dropped/").waitFor();
    const dropped = await list(v.server, "s", "prefix=in/dropped/");
    checks.check("a folder that is dropped comes whole", dropped.length === 300 &&
        dropped.some(({ key }) => key === "in/dropped/part-2/file-299.txt"), dropped.length);
    const flaws = await v.flaws();
    checks.check("nothing for axe about uploads", flaws.length === 0, flaws);
    await v.picture("uploads");
    await cleared(v);
}

export async function conflicts({ checks, visitor: v, folder }) {
    const paths = [];
    for (const name of ["a.txt", "b.txt", "c.txt"]) {
        paths.push(join(folder, name));
        await writeFile(paths.at(-1), `new ${name}`);
    }
    const read = async (path) => (await fetch(`${v.server}/v1/stores/s/objects/taken/${path}`)).text();
    for (const [answer, then, expected] of [["Skip them", "1 file uploaded, 2 skipped",
        "a.txt old,b.txt old,c.txt new c.txt"],
        ["Keep both", "3 files uploaded",
            "a (2).txt new a.txt,a.txt old,b (2).txt new b.txt,b.txt old,c.txt new c.txt"],
        ["Replace", "3 files uploaded", "a.txt new a.txt,b.txt new b.txt,c.txt new c.txt"]]) {
        for (const { key } of await list(v.server, "s", "prefix=taken/"))
            await ask(v.server, "DELETE", `/v1/stores/s/objects/${encodeURIComponent(key)}`);
        for (const name of ["a.txt", "b.txt"])
            await put(v.server, "s", `taken/${name}`, "old");
        await v.go("#/store/s/objects/taken/");
        await v.row("a.txt").waitFor();
        await choose(v, "Upload files", paths);
        await v.question.waitFor();
        if (answer === "Keep both") {
            const flaws = await v.flaws();
            checks.check("nothing for axe about a question", flaws.length === 0, flaws);
            await v.picture("conflict");
        }
        await v.button(answer, v.question).click();
        await says(v, new RegExp(`^${then}`));
        const now = [];
        for (const { key } of await list(v.server, "s", "prefix=taken/"))
            now.push(`${key.slice(6)} ${await read(encodeURIComponent(key.slice(6)))}`);
        checks.check(`asked once: ${answer}`, now.join() === expected, now);
        await cleared(v);
    }
}

// Files that are there already with the same bytes are asked about like any other.
export async function identical({ checks, visitor: v }) {
    const files = ["same.txt", "other.txt"].map((name) =>
        ({ name, mimeType: "text/plain", buffer: Buffer.from(`new ${name}`) }));
    const told = async () => (await list(v.server, "s", "prefix=same/")).map(({ key, content_type: type }) =>
        `${key.slice(5)} ${type}`).join();
    for (const [answer, then, expected] of [
        ["Skip them", "0 files uploaded, 2 skipped", "other.txt text/html,same.txt text/html"],
        ["Keep both", "2 files uploaded",
            "other (2).txt text/plain,other.txt text/html,same (2).txt text/plain,same.txt text/html"],
        ["Replace", "2 files uploaded", "other.txt text/plain,same.txt text/plain"]]) {
        const before = await list(v.server, "s", "prefix=same/");
        await batch(v.server, "s", [...before.map(({ key }) => ({ op: "delete", key })),
            { op: "put", key: "same/same.txt", data: btoa("new same.txt"), content_type: "text/html" },
            { op: "put", key: "same/other.txt", data: btoa("old"), content_type: "text/html" }]);
        await v.go("#/store/s/objects/same/");
        await v.row("same.txt").waitFor();
        await choose(v, "Upload files", files);
        await v.button(answer, v.question).click();
        await says(v, new RegExp(`^${then}`));
        let now = await told(); // what is said may have been said of the files before
        for (let tries = 0; tries < 50 && now !== expected; tries++) {
            await v.page.waitForTimeout(100);
            now = await told();
        }
        checks.check(`files that are the same: ${answer}`, now === expected, now);
        await cleared(v);
    }
}

// Escape decides nothing: nothing is replaced or left out, and whoever tries again is asked again.
export async function left({ checks, visitor: v }) {
    const files = ["a.txt", "b.txt", "c.txt"].map((name) =>
        ({ name, mimeType: "text/plain", buffer: Buffer.from(`new ${name}`) }));
    await Promise.all(["a.txt", "b.txt"].map((name) => put(v.server, "s", `left/${name}`, "old")));
    await v.go("#/store/s/objects/left/");
    await v.row("a.txt").waitFor();
    const escape = async () => {
        const first = v.button("Skip them", v.question);
        await first.click({ trial: true }); // when one can
        await first.press("Escape");
    };
    await choose(v, "Upload files", files);
    await escape();
    await says(v, /^1 file uploaded, 2 failed/);
    checks.check("who decides nothing is asked once", await v.question.isHidden());
    const rows = dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "nothing is decided" });
    checks.check("and told so", await rows.count() === 2, await rows.allTextContents());
    const sizes = async () => (await list(v.server, "s", "prefix=left/")).map(({ size }) => size).join();
    checks.check("nothing is replaced", await sizes() === "3,3,9", await sizes());
    await rows.first().getByRole("button", { name: "Try again" }).click();
    await escape();
    await v.question.waitFor({ state: "hidden" });
    await v.button("Retry what failed").click();
    await v.button("Replace", v.question).click();
    await says(v, /^3 files uploaded/);
    checks.check("until it is decided", await sizes() === "9,9,9", await sizes());
    await cleared(v);
}

// Nothing lies below the uploads, and no message above them.
export async function foot({ checks, browser, server }) {
    for (const size of [{ width: 1280, height: 800 }, { width: 1280, height: 500 }, NARROW]) {
        const place = `#/store/s/objects/foot/${size.height}/`;
        const v = await Visitor.arrive(browser, server, { size, place });
        await v.main.getByText("There is nothing in this folder").waitFor();
        await choose(v, "Upload files", [{ name: "one", mimeType: "", buffer: Buffer.from("1") }]);
        await ended(v, "1 file");
        await v.page.route("**/objects?*", (route) => route.fulfill({ status: 503, json: {} }));
        await v.button("Refresh").click();
        const again = v.main.getByRole("button", { name: "Try again" });
        await again.waitFor();
        const dockBox = await dock(v).boundingBox(), mainBox = await v.main.boundingBox();
        checks.check(`${size.width}x${size.height}: the page ends where the uploads begin`,
            mainBox.y + mainBox.height <= dockBox.y + 1, { mainBox, dockBox });
        const isFree = (locator) => locator.evaluate((element) => {
            const { left, top, width, height } = element.getBoundingClientRect();
            return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        });
        checks.check(`${size.width}x${size.height}: what failed can be tried again`, await isFree(again));
        await v.page.unroute("**/objects?*");
        await again.click();
        await again.waitFor({ state: "hidden" });
        await v.row("one").waitFor();
        await v.go(`${place}?open=/none`);
        await v.page.locator(".notice").first().waitFor();
        const box = await v.page.locator(".notice").first().boundingBox();
        checks.check(`${size.width}x${size.height}: a message stands above them`, box.y + box.height <= dockBox.y &&
            box.y >= 0, { box, dockBox });
        checks.check(`${size.width}x${size.height}: each can be pressed`, await isFree(v.button("Clear what is done")) &&
            await isFree(v.button("Dismiss this message").first()));
        const flaws = await v.flaws();
        checks.check(`${size.width}x${size.height}: nothing for axe`, flaws.length === 0, flaws);
        await v.picture(`foot-${size.width}-${size.height}`);
        await v.button("Hide", dock(v)).click();
        const folded = await dock(v).boundingBox();
        checks.check(`${size.width}x${size.height}: hidden, they leave the page what they had`,
            folded.height < dockBox.height && Math.abs((await v.main.boundingBox()).height - mainBox.height -
            dockBox.height + folded.height) < 2, folded);
        await v.leave();
    }
}

// What had left the page when it was paused lies in the system's buffers for a while. The bytes that have come when that
// is over; all of them, where it does not end before.
async function settled(v, line) {
    for (let before = -1; line.sent !== before;) {
        before = line.sent;
        await v.page.waitForTimeout(1000); // between two looks
    }
    return line.sent;
}

// A line slow enough that a page has time to stop, whatever else the machine does, before all has left.
const slow = (cairn) => Line.open(cairn.port, 16 * MIB / 1000);

// A large file over a line that breaks, paused, to a server that is killed, and after the page was closed.
export async function resumed({ checks, browser, cairn, folder }) {
    const line = await slow(cairn), server = `http://127.0.0.1:${line.port}`;
    const bytes = noise(90 * MIB + 321), path = join(folder, "large.bin");
    await writeFile(path, bytes);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    await v.main.getByRole("grid").waitFor();
    await choose(v, "Upload files", [path]);
    await line.after(line.sent + 10 * MIB);
    await v.context.setOffline(true);
    line.cut();
    await says(v, "cannot be reached");
    line.mend();
    await v.context.setOffline(false);
    await line.after(line.sent + 10 * MIB);
    await v.button("Pause all").click();
    await says(v, "Paused");
    const held = await settled(v, line);
    await v.page.waitForTimeout(1500); // nothing is to come
    checks.check("nothing is sent while it is paused", line.sent === held && held < bytes.length, [held, line.sent]);
    await v.button("Go on", dock(v).locator(".actions")).click();
    await line.after(line.sent + 10 * MIB);
    await cairn.crash();
    await line.after(line.sent + 10 * MIB);
    await v.open("#/store/s/objects/");
    await v.main.getByRole("grid").waitFor();
    await choose(v, "Upload files", [path]);
    await ended(v, "1 file");
    checks.check("what was there is not sent again", line.sent < bytes.length + 70 * MIB, line.sent - bytes.length);
    checks.check("a large file is the same after all", await stored(v.server, "large.bin") === sha256(bytes));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    line.close();
}

// Another file of the same name, size and time does not go on where the first one was.
export async function mistaken({ checks, browser, cairn, folder }) {
    const line = await slow(cairn), path = join(folder, "mistaken.bin"), time = new Date(1.7e12);
    const lay = async (bytes) => {
        await writeFile(path, bytes);
        await utimes(path, time, time);
    };
    const v = await Visitor.arrive(browser, `http://127.0.0.1:${line.port}`, { place: "#/store/s/objects/" });
    await v.main.getByRole("grid").waitFor();
    await lay(noise(60 * MIB));
    await choose(v, "Upload files", [path]);
    await line.after(line.sent + 10 * MIB);
    await v.page.close();
    const bytes = noise(60 * MIB);
    await lay(bytes);
    await v.open("#/store/s/objects/");
    await v.main.getByRole("grid").waitFor();
    await choose(v, "Upload files", [path]);
    await ended(v, "1 file");
    checks.check("two files are not mixed", await stored(v.server, "mistaken.bin") === sha256(bytes));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    line.close();
}

// What is refused says why, and is tried again when that is mended; one that is not wanted is left out.
export async function retried({ checks, visitor: v, folder }) {
    const paths = ["wanted.bin", "unwanted.bin"].map((name) => join(folder, name));
    await Promise.all(paths.map((path) => writeFile(path, noise(200000))));
    await v.go("#/store/limited/objects/");
    await v.row("some").waitFor();
    await choose(v, "Upload files", paths);
    await says(v, /2 failed/);
    const rows = dock(v).locator(".rows .row:not([hidden])");
    checks.check("what is refused says why, in the units of everything else",
        await rows.filter({ hasText: "it has 3.52 KiB of 3.91 KiB, and this needs 195 KiB more" }).count() === 2,
        await rows.allTextContents());
    await rows.filter({ hasText: "unwanted.bin" }).getByRole("button", { name: "What the server says of it" }).click();
    await v.dialog.getByText("The store may hold 4000 bytes").waitFor();
    await v.dialog.getByRole("button", { name: "Close" }).click();
    await v.dialog.waitFor({ state: "detached" });
    await rows.filter({ hasText: "unwanted.bin" }).getByRole("button", { name: "Do not upload" }).click();
    await ask(v.server, "PATCH", "/v1/stores/limited",
        { body: JSON.stringify({ limits: null }), headers: { "Content-Type": "application/json" } });
    await v.button("Retry what failed").click();
    await ended(v, "1 file");
    const keys = (await list(v.server, "limited")).map(({ key }) => key);
    checks.check("it is there when it was tried again, and the other is not", keys.join() === "some,wanted.bin", keys);
    await cleared(v);
}

// Files that were removed after they were chosen fail, and they alone.
export async function unreadable({ checks, visitor: v, folder }) {
    const path = (name) => join(folder, name), gone = ["gone.txt", "gone.bin"], there = ["there.txt", "there.bin"];
    for (const name of [...gone, ...there])
        await writeFile(path(name), noise(name.endsWith(".bin") ? MIB : 100));
    await v.go("#/store/s/objects/unreadable/");
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.context.setOffline(true);
    await choose(v, "Upload files", [...gone, ...there].map(path));
    await says(v, "cannot be reached");
    await Promise.all(gone.map((name) => rm(path(name))));
    await v.context.setOffline(false);
    await says(v, /^2 files uploaded, 2 failed/);
    const rows = dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "This file cannot be read" });
    const failed = await rows.locator(".text").allTextContents();
    checks.check("what cannot be read is told so", failed.sort().join() === "unreadable/gone.bin,unreadable/gone.txt",
        failed);
    const keys = (await list(v.server, "s", "prefix=unreadable/")).map(({ key }) => key.slice(11));
    checks.check("and the others are there", keys.join() === "there.bin,there.txt", keys);
    for (const name of gone)
        await rows.filter({ hasText: name }).getByRole("button", { name: "Do not upload" }).click();
    await cleared(v);
}

// Whether leaving the page asks nothing.
const mayLeave = (v) => v.page.evaluate(() => dispatchEvent(new Event("beforeunload", { cancelable: true })));

// Of a folder that is dropped what cannot be read fails by its name, and all else comes: a file and a folder that are
// closed for a while, as the browser tells of them, and two whose names are no text.
export async function broken({ checks, browser, server, folder }) {
    const root = join(folder, "broken");
    const raw = (name) => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
    for (const name of ["closed", "open", "open/closed", "M\xfcnchen", "void"])
        await mkdir(raw(name), { recursive: true });
    for (const name of ["a", "b", "closed.txt", "m\xfc.txt", "M\xfcnchen/in", "closed/in", "open/in", "open/closed/in"])
        await writeFile(raw(name), name);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/got/" });
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.page.evaluate(() => {
        self.locked = true;
        const unless = (entry, read) => (resolve, reject) => self.locked && entry.name.startsWith("closed") ?
            reject(new DOMException("closed", "NotReadableError")) : read(resolve, reject);
        const wrap = (entry) => entry.isFile ?
            { isFile: true, name: entry.name, fullPath: entry.fullPath, file: unless(entry, entry.file.bind(entry)) } :
            { isDirectory: true, name: entry.name, fullPath: entry.fullPath, createReader: () => {
                const reader = entry.createReader();
                return { readEntries: unless(entry, (resolve, reject) =>
                    reader.readEntries((some) => resolve(some.map(wrap)), reject)) };
            } };
        const { webkitGetAsEntry } = DataTransferItem.prototype;
        DataTransferItem.prototype.webkitGetAsEntry = function () { return wrap(webkitGetAsEntry.call(this)); };
    });
    await v.drop([root], v.grid);
    await says(v, /^3 files uploaded, 5 failed/);
    const rows = dock(v).locator(".rows .row.bad:not([hidden])"), names = rows.locator(".text");
    const failed = (await names.allTextContents()).sort().join();
    checks.check("what cannot be read fails by its name", failed === ["broken/closed.txt", "broken/closed/",
        "broken/open/closed/", "broken/\ufffd", "broken/\ufffd/"].map((name) => `got/${name}`).sort().join(), failed);
    await v.picture("broken");
    await v.page.evaluate(() => { self.locked = false; });
    await v.button("Retry what failed").click();
    await says(v, /^6 files uploaded, 2 failed/);
    const keys = (await list(server, "s", "prefix=got/")).map(({ key }) => key.slice(11)).join();
    checks.check("all else is there, and what is tried again",
        keys === "a,b,closed.txt,closed/in,open/closed/in,open/in", keys);
    for (let left = 2; left > 0; left--) {
        await rows.first().getByRole("button", { name: "Do not upload" }).click();
        await rows.nth(left - 1).waitFor({ state: "hidden" }); // it keeps its place, and is none of these any more
    }
    await says(v, /^6 files uploaded, 2 skipped/);
    await cleared(v);
    await v.drop([join(root, "void")], v.grid);
    await v.told("There is no file in what was dropped");
    checks.check("of an empty folder nothing is said to be uploaded", await dock(v).isHidden());
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Who may not write any more when the files are chosen is told so, and may leave.
export async function withdrawn({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    const [chooser] = await Promise.all([v.page.waitForEvent("filechooser"), v.button("Upload files").click()]);
    await v.page.route("**/v1/access", async (route) => {
        const response = await route.fetch(), json = await response.json();
        for (const grant of json.grants)
            grant.rights = grant.rights.filter((right) => right !== "write");
        await route.fulfill({ response, json });
    });
    await v.page.route("**/objects?*", (route) => route.fulfill({ status: 403, json: {} }), { times: 1 });
    await v.button("Refresh").click();
    await v.button("Upload files").waitFor({ state: "hidden" });
    await chooser.setFiles({ name: "n", mimeType: "", buffer: Buffer.from("n") });
    await v.told("This token may not do that here");
    checks.check("who may not upload any more may leave", await mayLeave(v));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Lets so many pieces of large files through, and holds the next one: answers when it is there, with what lets it go.
async function holding(v, count, act) {
    let held;
    const came = new Promise((resolve) => { held = resolve; });
    await v.page.route("**/uploads/*", (route) =>
        route.request().method() === "PATCH" && count-- <= 0 ? held(route) : route.continue());
    await act();
    const route = await came;
    return async () => {
        count = Infinity;
        await route.continue();
    };
}

// A large file that is chosen again for a key that is taken or free by now: what is asked now counts, and not what was
// when it was begun.
export async function turned({ checks, browser, server, folder }) {
    const path = join(folder, "turned.bin"), bytes = noise(12 * MIB), sum = sha256(bytes);
    await writeFile(path, bytes);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    const upload = () => choose(v, "Upload files", [path]);
    await holding(v, 3, upload);
    await dock(v).locator(".rows").getByRole("button", { name: "Pause" }).click();
    await says(v, /1 paused/);
    checks.check("leaving asks, where one file is paused", !await mayLeave(v));
    await v.open("#/store/s/objects/");
    await put(server, "s", "turned.bin", "somebody else's");
    await upload();
    await v.button("Replace").click();
    await says(v, /^(1 file uploaded|0 files uploaded, 1 failed)/);
    checks.check("what was begun for a free key replaces one, if that is wanted",
        await stored(server, "turned.bin") === sum);
    await v.open("#/store/s/objects/");
    await upload();
    await holding(v, 3, () => v.button("Replace").click());
    await v.open("#/store/s/objects/");
    await ask(server, "DELETE", "/v1/stores/s/objects/turned.bin");
    const goOn = await holding(v, 1, upload);
    await put(server, "s", "turned.bin", "somebody else's");
    await goOn();
    await says(v, "is asked among the uploads");
    await v.button("Skip them").click();
    await says(v, /^0 files uploaded, 1 skipped/);
    checks.check("what was begun to replace replaces nothing that came to a free key",
        await stored(server, "turned.bin") === sha256("somebody else's"));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// One that is not wanted any more while it is on its way may be there already, and is said to.
export async function late({ checks, visitor: v, server }) {
    let goOn;
    const held = new Promise((resolve) => { goOn = resolve; });
    await v.go("#/store/s/objects/late/");
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.page.route("**/batch", async (route) => {
        const response = await route.fetch();
        await held;
        await route.fulfill({ response }).catch(() => {}); // nobody waits for it any more
    });
    await choose(v, "Upload files", ["one", "two"].map((name) => ({ name, mimeType: "", buffer: Buffer.from(name) })));
    await dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "one" })
        .getByRole("button", { name: "Do not upload" }).click();
    await says(v, /^1 file uploaded, 1 skipped/);
    const told = await dock(v).locator(".rows").textContent();
    checks.check("what was on its way may have arrived", told.includes("it may have arrived already"), told);
    goOn();
    await v.page.unroute("**/batch");
    checks.check("as it has", (await list(server, "s", "prefix=late/")).length === 2);
    await cleared(v);
}

// A server, or whoever stands in front of it, that wants to be asked later: the queue waits so long, and nobody has to
// do anything about it.
export async function asked({ checks, visitor: v }) {
    const files = ["one.bin", "two.bin"].map((name) => ({ name, mimeType: "", buffer: noise(100000) })), times = [];
    await v.go("#/store/s/objects/asked/");
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.page.route(/objects\/asked\/|\/batch$/, (route) => {
        times.push(Date.now());
        const status = [429, 429, 503, 503][times.length - 1];
        const type = status === 503 ? "urn:problem-type:cairn:busy" : undefined;
        return status ? route.fulfill({ status, headers: { "Retry-After": "2" }, json: { type } }) : route.continue();
    });
    await choose(v, "Upload files", files);
    await says(v, "wants to be asked later");
    await ended(v, "2 files");
    await v.page.unroute(/objects\/asked\/|\/batch$/);
    const waits = times.slice(1).map((time, index) => time - times[index]);
    checks.check("it is asked again when it wants to be", waits.filter((wait) => wait >= 2000).length >= 2, waits);
    const keys = (await list(v.server, "s", "prefix=asked/")).map(({ key }) => key.slice(6));
    checks.check("and has all of them", keys.join() === "one.bin,two.bin", keys);
    await cleared(v);
}

// Two tabs of one browser that send the same large file, and each one of its own; one of them is closed meanwhile.
export async function twice({ checks, browser, server, folder }) {
    const path = join(folder, "twice.bin"), bytes = noise(40 * MIB);
    await writeFile(path, bytes);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    const first = v.page, second = await v.another("#/store/s/objects/"), third = await v.another("#/store/s/objects/");
    const own = join(folder, "own.bin"), ownBytes = noise(12 * MIB);
    await writeFile(own, ownBytes);
    await Promise.all([[first, path], [second, path], [third, own]].map(([page, file]) =>
        page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(file)));
    const question = Promise.race([first, second].map((page) =>
        page.getByRole("group", { name: "is there already" }).waitFor({ timeout: 90000 }).then(() => page)));
    const [later] = await Promise.all([question, third.getByText(/^1 file uploaded/).first().waitFor({ timeout: 90000 })]);
    await later.getByRole("button", { name: "Skip them" }).click();
    await later.getByText(/^0 files uploaded, 1 skipped/).first().waitFor();
    const earlier = later === first ? second : first;
    await earlier.getByText(/^1 file uploaded/).first().waitFor();
    checks.check("two tabs that send one file do not mix it", await stored(server, "twice.bin") === sha256(bytes));
    checks.check("another tab's is whole, too", await stored(server, "own.bin") === sha256(ownBytes));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Large files that another tab sends just now take no turn from this one's others; and they come when it has gone.
export async function occupied({ checks, browser, server, folder }) {
    const paths = [0, 1, 2, 3].map((number) => join(folder, `occupied-${number}.bin`)), bytes = noise(9 * MIB);
    for (const path of paths)
        await writeFile(path, bytes);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" }), first = v.page;
    let held = 0;
    await first.route("**/uploads/*", (route) => route.request().method() === "PATCH" ? held++ : route.continue());
    await choose(v, "Upload files", paths);
    while (held < 4)
        await first.waitForTimeout(50);
    v.page = await v.another("#/store/s/objects/");
    const small = { name: "occupied-small", mimeType: "", buffer: Buffer.from("small") };
    await choose(v, "Upload files", paths);
    await choose(v, "Upload files", small);
    const row = dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "occupied-small" });
    const isDone = await row.filter({ hasText: "Uploaded" }).waitFor().then(() => true, () => false);
    checks.check("large files of another tab hold up no small ones", isDone, await dock(v).innerText());
    await first.close();
    await says(v, /^5 files uploaded/);
    checks.check("and come when it has gone", await stored(server, "occupied-3.bin") === sha256(bytes));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// What was sent of a large file to a key that is taken by now is not kept, when it is not wanted there any more.
export async function partly({ checks, browser, server, folder }) {
    await ask(server, "PUT", "/v1/stores/partly");
    const path = join(folder, "partly.bin");
    await writeFile(path, noise(9 * MIB));
    for (const [answer, told, key] of [["Skip them", /^0 files uploaded, 1 skipped/, "partly.bin"],
        ["Keep both", /^1 file uploaded/, "partly (2).bin"]]) {
        const v = await Visitor.arrive(browser, server, { place: "#/store/partly/objects/" });
        await v.main.getByRole("grid").waitFor();
        await holding(v, 3, () => choose(v, "Upload files", [path]));
        await v.open("#/store/partly/objects/");
        await put(server, "partly", "partly.bin", "somebody else's");
        const unfinished = async () => JSON.parse(await ask(server, "GET", "/v1/stores/partly")).unfinished_bytes;
        const before = await unfinished();
        await choose(v, "Upload files", [path]);
        await v.button(answer, v.question).click();
        await says(v, told);
        checks.check(`${answer}: what was begun elsewhere is not kept`, before > 0 && await unfinished() === 0,
            [before, await unfinished()]);
        const keys = (await list(server, "partly")).map((object) => object.key);
        checks.check(`${answer}: it is where it is wanted`, keys.includes(key), keys);
        await ask(server, "DELETE", "/v1/stores/partly/objects/partly.bin");
        checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
        await v.leave();
    }
    await ask(server, "DELETE", "/v1/stores/partly?force=true");
}

// Folders without a file in front: it is said that they are read.
export async function sought({ checks, browser, server, folder }) {
    const root = join(folder, "sought");
    for (let i = 0; i < 5; i++)
        await mkdir(join(root, `void-${i}`), { recursive: true });
    await writeFile(join(root, "void-4", "one"), "1");
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/sought/" });
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.page.evaluate(() => {
        const { webkitGetAsEntry } = DataTransferItem.prototype;
        DataTransferItem.prototype.webkitGetAsEntry = function () { // a slow disk
            const entry = webkitGetAsEntry.call(this), reader = Object.getPrototypeOf(entry.createReader());
            const { readEntries } = reader;
            reader.readEntries = function (...calls) { setTimeout(() => readEntries.apply(this, calls), 300); };
            return entry;
        };
    });
    await v.drop([root], v.grid);
    await says(v, /^Looking for files/);
    checks.check("while a drop is read it is said", await dock(v).getByText("Looking for files").first().isVisible());
    await ended(v, "1 file");
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// A proxy that has put the server below a path of its own, and takes that off.
async function proxied(path, port) {
    const proxy = createServer((asked, answer) => {
        const on = request({ host: "127.0.0.1", port, method: asked.method, path: asked.url.slice(path.length),
            headers: asked.headers }, (got) => {
            answer.writeHead(got.statusCode, got.headers);
            got.pipe(answer);
        });
        on.on("error", () => answer.destroy());
        asked.pipe(on);
    });
    await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    return { proxy, server: `http://127.0.0.1:${proxy.address().port}${path}` };
}

// The server says where an upload lies as it goes by it, which is not where the page finds it.
export async function below({ checks, browser, cairn, folder }) {
    const { proxy, server } = await proxied("/files", cairn.port), bytes = noise(12 * MIB);
    const path = join(folder, "below.bin");
    await writeFile(path, bytes);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    await v.main.getByRole("grid").waitFor();
    await choose(v, "Upload files", [path]);
    await ended(v, "1 file");
    checks.check("below a path of a proxy a large file is sent", await stored(server, "below.bin") === sha256(bytes));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    proxy.closeAllConnections();
    proxy.close();
}

// Small ones, while the server is away for a while: none is lost, and none is taken for somebody else's.
export async function unsteady({ checks, browser, cairn, folder }) {
    const line = await Line.open(cairn.port), v = await Visitor.arrive(browser, `http://127.0.0.1:${line.port}`,
        { place: "#/store/s/objects/" });
    const root = await tree(folder, "unsteady", 600, 4000);
    await choose(v, "Upload a folder", root);
    for (let round = 1; round <= 3; round++) {
        await line.after(line.sent + 400000);
        line.cut();
        line.mend();
    }
    await line.after(line.sent + 400000);
    await cairn.crash();
    await ended(v, "600 files");
    checks.check("all are there", (await list(v.server, "s", "prefix=unsteady/")).length === 600);
    checks.check("nobody was asked about what he sent himself", await v.question.isHidden());
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    line.close();
}

// Thousands of files in one folder.
export async function flat({ checks, browser, server, folder }) {
    const root = await tree(folder, "flat", 3000, 0, 3000);
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    await v.main.getByRole("grid").waitFor();
    await v.page.evaluate(() => {
        self.frames = [];
        self.ends = []; // when one may leave, with uploads there
        setInterval(() => {
            if (document.querySelector(".uploads:not([hidden])") &&
                dispatchEvent(new Event("beforeunload", { cancelable: true })))
                self.ends.push(performance.now());
        }, 10);
        new PerformanceObserver((list) => self.frames.push(...list.getEntries().map(({ duration }) => duration)))
            .observe({ type: "long-animation-frame" });
    });
    await v.drop([root], v.grid);
    await says(v, /^3,000 files uploaded/, 180000);
    const longest = await v.page.evaluate(() => Math.max(0, ...self.frames));
    console.log(`  3,000 files of one folder: the longest frame ${Math.round(longest)} ms`);
    checks.check("the page never stands still for long", longest < 1500, longest);
    const [last, early] = await v.page.evaluate(() => { // what it says comes a moment later
        const sent = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/batch"));
        const end = Math.max(...sent.map(({ responseStart }) => responseStart));
        return [end, self.ends.filter((time) => time < end).length];
    });
    checks.check("nobody is let go before all are known", last > 0 && early === 0, early);
    checks.check("all are there", JSON.parse(await ask(server, "GET",
        "/v1/stores/s/objects?prefix=flat/&delimiter=%2F&limit=1")).prefixes.length === 1);
    await v.leave();
}

// Several that are chosen one after the other, and whose keys are taken: one question after the other.
export async function stacked({ checks, visitor: v, server }) {
    for (const name of ["one", "two", "three"])
        await put(server, "s", `stacked/${name}`, "old");
    await v.go("#/store/s/objects/stacked/");
    await v.row("three").waitFor();
    for (const name of ["one", "two", "three"])
        await choose(v, "Upload files", { name, mimeType: "", buffer: Buffer.from("new") });
    for (const name of ["one", "two", "three"]) {
        await v.question.filter({ hasText: `stacked/${name} is there already` }).waitFor();
        await v.button("Skip them", v.question).click();
    }
    await says(v, /^0 files uploaded, 3 skipped/);
    await cleared(v);
}

// A question that comes while one is about other things waits among the uploads: it takes no key, click or focus.
export async function aside({ checks, browser, server }) {
    await Promise.all(["one", "two", "three", "z"].map((name) => put(server, "s", `aside/${name}`, "old")));
    const file = (name) => ({ name, mimeType: "", buffer: Buffer.from("newer") });
    const sizes = async () =>
        (await list(server, "s", "prefix=aside/")).map(({ key, size }) => `${key.slice(6)} ${size}`).join();
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/aside/" });
    await v.row("z").waitFor();
    const find = v.page.getByLabel("Find by prefix");
    await find.focus();
    await choose(v, "Upload files", file("one"));
    await v.page.keyboard.type("my file and some more", { delay: 80 });
    await says(v, "What is to be done is asked among the uploads");
    checks.check("what is typed stays where it is typed", await find.inputValue() === "my file and some more" &&
        await v.has(find), await find.inputValue());
    checks.check("and answers nothing", await v.question.isVisible());
    await find.fill("");
    await v.row("z").getByRole("checkbox").click();
    await v.button("Delete", v.main.getByRole("group", { name: "What is selected" })).click();
    await choose(v, "Upload files", file("two"));
    await v.page.waitForTimeout(700); // until its key is known to be taken
    checks.check("it stands in front of no other question", (await v.front()).startsWith("Delete "), await v.front());
    await v.button("Delete", v.dialog).click();
    await v.told("1 object deleted");
    await v.button("Replace", v.question).dblclick();
    await v.question.filter({ hasText: "aside/two" }).waitFor();
    await v.page.waitForTimeout(700); // nothing is to come
    checks.check("two clicks answer one question", await v.question.isVisible() &&
        await sizes() === "one 5,three 3,two 3", await sizes());
    await v.button("Hide", dock(v)).click();
    checks.check("where the uploads are hidden it is seen", await v.question.isVisible());
    await v.button("Show", dock(v)).click();
    await dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "two" })
        .getByRole("button", { name: "Do not upload" }).click();
    await v.question.waitFor({ state: "hidden" });
    await says(v, /^1 file uploaded, 1 skipped/);
    await choose(v, "Upload files", [file("three"), file("two")]);
    const [, about] = /aside\/(\w+) is/.exec(await v.question.textContent());
    await dock(v).locator(".rows .row:not([hidden])").filter({ hasText: `${about}There is one` })
        .getByRole("button", { name: "Do not upload" }).click();
    await v.question.filter({ hasNotText: about }).waitFor();
    await v.page.setViewportSize(NARROW);
    const flaws = await v.flaws();
    checks.check("on a telephone: nothing for axe", flaws.length === 0, flaws);
    await v.picture("question-narrow");
    await v.button("Keep both", v.question).click({ trial: true }); // when one can
    await v.button("Keep both", v.question).press("Enter");
    await says(v, /^2 files uploaded, 2 skipped/);
    checks.check("by the keyboard the focus stays among the uploads",
        await v.has(dock(v).getByRole("heading", { name: "Uploads" })));
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// What lies under a hand: the button, and the file of its row.
const beneath = (v, { x, y }) => v.page.evaluate((at) => {
    const element = document.elementFromPoint(at.x, at.y);
    return `${element.closest("button")?.getAttribute("aria-label")} of ` +
        `${element.closest(".uploads .row")?.querySelector(".text").textContent}`;
}, { x, y });

// A hand that is about to press a button of one file presses no other one's: not where a question comes, nor where files
// are done meanwhile.
export async function still({ checks, browser, server }) {
    for (const size of [{ width: 1280, height: 800 }, WIDE, NARROW]) {
        const name = `${size.width} wide`, folder = `still-${size.width}/`, answers = new Map();
        await put(server, "s", `${encodeURIComponent(`${folder}one`)}`, "old");
        const v = await Visitor.arrive(browser, server, { size, place: `#/store/s/objects/${folder}` });
        await v.row("one").waitFor();
        await v.page.route(/\/objects\/still/, async (route) => {
            const file = route.request().url().split("/").pop();
            if (route.request().method() === "PUT" && !answers.has(file))
                await new Promise((resolve) => answers.set(file, resolve));
            await route.continue().catch(() => {}); // it is not wanted any more
        });
        const big = (number) => ({ name: `big${number}`, mimeType: "", buffer: Buffer.alloc(200000, number) });
        await choose(v, "Upload files", { name: "one", mimeType: "text/html", buffer: Buffer.alloc(70000) });
        await choose(v, "Upload files", [0, 1, 2, 3, 4, 5].map(big));
        const drop = (number) => dock(v).locator(".rows .row:not([hidden])").filter({ hasText: `big${number}` })
            .getByRole("button", { name: "Do not upload" });
        const aim = async (number) => {
            const box = await drop(number).boundingBox(), at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
            await v.page.mouse.move(at.x, at.y);
            return at;
        };
        const goOn = async (file) => {
            while (!answers.has(file))
                await v.page.waitForTimeout(50);
            answers.get(file)();
        };
        await drop(1).click({ trial: true }); // when one can
        const first = await aim(1);
        await goOn("one");
        await v.question.waitFor();
        await v.page.mouse.click(first.x, first.y);
        await v.page.waitForTimeout(500); // until it would be told
        const other = (await dock(v).locator(".rows").textContent()).match(/big[02-5]Skipped/);
        checks.check(`${name}: a question leads no hand to another file`, other === null, other);
        await v.button("Skip them", v.question).click();
        await v.question.waitFor({ state: "hidden" });
        await drop(2).click({ trial: true });
        const second = await aim(2), aimed = await beneath(v, second);
        checks.check(`${name}: the hand is on that file`, /^Do not upload of .*big2$/.test(aimed), aimed);
        await goOn("big0");
        const done = dock(v).locator(".rows .row:not([hidden])").filter({ hasText: "big0Uploaded" });
        for (let step = 0; step < 500 && !await done.isVisible(); step++)
            await v.page.mouse.move(second.x + step % 2, second.y); // no hand is quite at rest
        const now = await beneath(v, second);
        checks.check(`${name}: a file that is done moves no other one under it`, now === aimed, now);
        await v.page.mouse.click(second.x, second.y);
        await v.page.waitForFunction(() => [...document.querySelectorAll(".uploads .rows .row:not([hidden])")]
            .some((row) => /big2Skipped/.test(row.textContent)));
        for (const number of [1, 3, 4, 5])
            await goOn(`big${number}`);
        await says(v, /uploaded, [23] skipped/);
        const keys = (await list(server, "s", `prefix=${folder}`)).map(({ key }) => key.split("/").pop()).join();
        checks.check(`${name}: what was meant is left out, and nothing else`, /^big0,(big1,)?big3,big4,big5,one$/.test(keys),
            keys);
        checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
        await v.leave();
    }
}

// A list that nobody has touched begins with what is under way; then a hand that comes to it finds a row that has just
// got another file asleep.
export async function asleep({ checks, visitor: v }) {
    const answers = [];
    await v.go("#/store/s/objects/asleep/");
    await v.main.getByText("There is nothing in this folder").waitFor();
    await v.page.mouse.move(5, 5);
    await v.page.route(/\/objects\/asleep/, async (route) => {
        if (route.request().method() === "PUT")
            await new Promise((resolve) => answers.push(resolve));
        await route.continue().catch(() => {}); // it is not wanted any more
    });
    await choose(v, "Upload files", [0, 1, 2, 3, 4, 5].map((number) =>
        ({ name: `big${number}`, mimeType: "", buffer: Buffer.alloc(200000, number) })));
    const rows = dock(v).locator(".rows .row:not([hidden])");
    const order = async () => (await rows.locator(".text").allTextContents()).map((text) => text.at(-1)).join("");
    await rows.nth(0).filter({ hasText: "big0" }).getByRole("button", { name: "Do not upload" }).click({ trial: true });
    while (answers.length < 4)
        await v.page.waitForTimeout(50);
    const box = await rows.nth(0).getByRole("button", { name: "Do not upload" }).boundingBox();
    await v.page.waitForTimeout(3100); // until nobody has been there for a while
    await v.page.evaluate(() => { // in the very moment, as no hand of a test could
        self.pressed = new Promise((resolve) => {
            const row = document.querySelector(".uploads .rows .row");
            new MutationObserver(() => /big1/.test(row.textContent) &&
                resolve(getComputedStyle(row).pointerEvents)).observe(row, { childList: true, subtree: true,
                    characterData: true, attributes: true });
        });
    });
    answers[0]();
    const moved = await v.page.evaluate(() => self.pressed);
    checks.check("what nobody is about to do something with moves up", (await order()).startsWith("1"), await order());
    checks.check("and cannot be pressed in that moment", moved === "none", moved);
    await rows.nth(0).getByRole("button", { name: "Do not upload" }).click();
    await rows.filter({ hasText: "big1Skipped" }).waitFor();
    checks.check("but a moment later", box.y > 0);
    await v.page.unroute(/\/objects\/asleep/);
    answers.forEach((answer) => answer());
    await says(v, /^5 files uploaded, 1 skipped/);
    await cleared(v);
}

// Files of two stores with one name: each question says of which store it is, and each is spoken, also where the words
// are the same.
export async function namesakes({ checks, browser, server }) {
    for (const store of ["s", "photos"])
        await put(server, store, "namesake.txt", "old");
    const v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    const send = () => choose(v, "Upload files", { name: "namesake.txt", mimeType: "", buffer: Buffer.from("new") });
    await v.main.getByRole("grid").waitFor();
    await v.page.evaluate(() => {
        self.spoken = [];
        const status = document.querySelector(".uploads [role=status]");
        new MutationObserver(() => status.textContent && self.spoken.push(status.textContent))
            .observe(status, { childList: true, characterData: true, subtree: true });
    });
    await send();
    await v.question.waitFor();
    await v.go("#/store/photos/objects/");
    await v.main.getByRole("heading", { name: "photos", level: 1 }).waitFor();
    await send();
    await send();
    const about = (store) => v.question.filter({ hasText: `namesake.txt is there already in the store ${store}` });
    await about("s").waitFor();
    checks.check("beside another store it is said which one is meant", true);
    const rows = dock(v).locator(".rows .row:not([hidden])"), told = () => rows.locator(".hint").allTextContents();
    await rows.filter({ hasText: "There is one of that name in the store photos" }).nth(1).waitFor();
    checks.check("and in the list", (await told()).join() === ["s", "photos", "photos"].map((store) =>
        `There is one of that name in the store ${store}`).join(), await told());
    const heard = async (count) => {
        await v.page.waitForFunction((least) => self.spoken.filter((text) => /is there already/.test(text)).length >= least,
            count).catch(() => {});
        return v.page.evaluate(() => self.spoken.filter((text) => /is there already/.test(text))
            .map((text) => /in the store (\w+)/.exec(text)?.[1]).join());
    };
    await heard(1);
    await v.button("Skip them", v.question).click();
    await about("photos").waitFor();
    await heard(2);
    await v.button("Skip them", v.question).click();
    await about("photos").waitFor();
    const all = await heard(3);
    checks.check("each is spoken", all === "s,photos,photos", all);
    await v.button("Skip them", v.question).click();
    await says(v, /^0 files uploaded, 3 skipped/);
    for (const store of ["s", "photos"])
        await ask(server, "DELETE", `/v1/stores/${store}/objects/namesake.txt`);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}

// Where there is little room, a question leaves the list some rows, and an object leaves room for the question.
export async function roomy({ checks, browser, server }) {
    await batch(server, "s", Array.from({ length: 30 }, (_, i) => ({ op: "put", key: `roomy/${i}`, data: "eA==" })));
    for (const [width, height] of [[360, 640], [390, 664], [640, 360], [320, 480]]) {
        const size = { width, height }, name = `${width}x${height}`;
        const v = await Visitor.arrive(browser, server, { size, place: "#/store/s/objects/roomy/" });
        await v.row("0").waitFor();
        await choose(v, "Upload files", { name: "0", mimeType: "", buffer: Buffer.from("new") });
        await v.question.waitFor();
        const room = await v.grid.evaluate((grid) => grid.clientHeight);
        checks.check(`${name}: the list keeps some rows`, room >= 132, room);
        if (height > 480)
            checks.check(`${name}: what is asked is seen`, await isSeen(v.question), await v.question.boundingBox());
        const button = v.button("Upload files");
        await button.scrollIntoViewIfNeeded();
        checks.check(`${name}: what lies above can be reached`, await isSeen(button), await button.boundingBox());
        await v.row("1").click();
        await v.button("Delete", v.panel).waitFor();
        const flaws = await v.flaws();
        checks.check(`${name}: an object, and a question: nothing for axe`, flaws.length === 0, flaws);
        if (height <= 480)
            checks.check(`${name}: what is asked is seen below an object`, await isSeen(v.question),
                await v.question.boundingBox());
        await v.picture(`roomy-${name}`);
        await v.page.keyboard.press("Escape");
        await v.button("Skip them", v.question).click();
        await says(v, /^0 files uploaded, 1 skipped/);
        checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
        await v.leave();
    }
}

// Whether all of it lies in the window, with nothing in front of it.
const isSeen = (locator) => locator.evaluate((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight && left >= 0 && right <= innerWidth &&
        element.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
});

// Ten thousand files, and what one does meanwhile.
export async function thousands({ checks, browser, server, folder }) {
    const root = await tree(folder, "thousands", 10000),
        v = await Visitor.arrive(browser, server, { place: "#/store/s/objects/" });
    await v.main.getByRole("grid").waitFor();
    const began = performance.now();
    await v.drop([root], v.grid);
    await dock(v).waitFor();
    await v.go("#/stores");
    await v.row("s").click();
    await v.main.getByRole("heading", { name: "s", level: 1 }).waitFor();
    const rows = await v.page.locator(".uploads .row").count();
    await says(v, /^10,000 files uploaded/, 180000);
    const seconds = (performance.now() - began) / 1000, longest = await v.page.evaluate(() => self.longest);
    console.log(`  10,000 files: ${seconds.toFixed(1)} s, the longest task ${Math.round(longest)} ms, ${rows} rows`);
    checks.check("the page never stops for long", longest < 1000, longest);
    checks.check("few rows are there at a time", rows < 60, rows);
    let cursor = "", count = 0;
    do {
        const page = JSON.parse(await ask(server, "GET", `/v1/stores/s/objects?prefix=thousands/${cursor}`));
        count += page.objects.length;
        cursor = page.cursor && `&cursor=${encodeURIComponent(page.cursor)}`;
    } while (cursor);
    checks.check("all are there", count === 10000, count);
    checks.check("nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}
