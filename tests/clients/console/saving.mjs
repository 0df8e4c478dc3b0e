// Scenes of saving with a token where no link is signed: by the courier, and through memory where a browser has none.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { guarded } from "./entering.mjs";
import { ask, noise } from "./stage.mjs";
import { Visitor } from "./visitor.mjs";

const MIB = 1 << 20, LARGE = Number(process.env.CONSOLE_SAVED_MIB ?? 1024);

// The bytes that all processes of the browser have to themselves, or share among each other: not what lies in files.
async function memory(session) {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const texts = await Promise.all(processInfo.map(({ id }) =>
        readFile(`/proc/${id}/status`, "utf8").catch(() => "")));
    return texts.reduce((sum, text) => sum + ["RssAnon", "RssShmem"].reduce((kib, name) =>
        kib + Number(new RegExp(`${name}:\\s*(\\d+)`).exec(text)?.[1] ?? 0), 0), 0) * 1024;
}

// What it is before, and the most that it is until the work is done.
async function grown(browser, work) {
    const session = await browser.newBrowserCDPSession(), before = await memory(session);
    let most = before, done = false;
    const watch = (async () => {
        while (!done) {
            most = Math.max(most, await memory(session));
            await new Promise((resolve) => setTimeout(resolve, 100)); // between two samples
        }
    })();
    const result = await work().finally(() => { done = true; });
    await watch;
    return { result, bytes: most - before };
}

// A body of so many MiB that is made as it is sent.
function large(count, hash) {
    let left = count;
    return new ReadableStream({ pull(controller) {
        if (left-- === 0)
            return controller.close();
        const part = noise(MIB);
        hash.update(part);
        return controller.enqueue(part);
    } });
}

async function digestOf(path) {
    const hash = createHash("sha256");
    for await (const part of createReadStream(path))
        hash.update(part);
    return hash.digest("hex");
}

// The download that an act begins, when it has ended.
async function saved(v, act) {
    const [download] = await Promise.all([v.page.waitForEvent("download"), act()]);
    return { name: download.suggestedFilename(), path: await download.path(), download };
}

export async function saving({ checks, browser, folder }) {
    const { life, server } = await guarded(join(folder, "saving"), []), hash = createHash("sha256");
    const path = "/v1/stores/photos/objects/tenant/huge%20%E2%9C%93.bin";
    await ask(server, "PUT", path, { token: "all", body: large(LARGE, hash), duplex: "half" });
    const digest = hash.digest("hex");
    const v = await Visitor.arrive(browser, server, { token: "reader",
        place: "#/store/photos/objects/tenant/?open=/tenant/huge%20%E2%9C%93.bin" });
    await v.panel.getByRole("heading", { name: "huge ✓.bin" }).waitFor();
    for (const [what, button, name] of [["an object", v.button("Download", v.panel), "huge ✓.bin"],
        ["a folder", v.button("Download as tar"), "tenant.tar"]]) {
        const began = performance.now();
        const { result, bytes } = await grown(browser, () => saved(v, () => button.click()));
        const rate = LARGE / (performance.now() - began) * 1000;
        console.log(`  ${what} of ${LARGE} MiB saved: ${rate.toFixed(0)} MiB/s, ` +
            `${(bytes / MIB).toFixed(0)} MiB of memory`);
        checks.check(`${what} of ${LARGE} MiB takes little memory`, bytes < 160 * MIB, bytes / MIB);
        checks.check(`${what} has its name`, result.name === name, result.name);
        if (what === "an object")
            checks.check("and all of its bytes", await digestOf(result.path) === digest);
        await result.download.delete();
    }
    await refused({ checks, v });
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
    await held({ checks, browser, server });
    await life.end("SIGTERM");
}

// What the server refuses to the courier is told as it is told of anything.
async function refused({ checks, v }) {
    const frames = await v.page.locator("iframe").count();
    await v.row("a.png").click();
    await v.panel.getByRole("heading", { name: "a.png" }).waitFor();
    await ask(v.server, "DELETE", "/v1/stores/photos/objects/tenant/a.png", { token: "all" });
    await v.button("Download", v.panel).click();
    await v.told("There is no such object any more");
    checks.check("what is refused opens no frame", await v.page.locator("iframe").count() === frames);
}

// A browser that has no courier for this page: through memory, up to a certain size.
async function held({ checks, browser, server }) {
    const v = await Visitor.arrive(browser, server, { token: "reader" });
    await v.context.addInitScript(() =>
        Object.defineProperty(Navigator.prototype, "serviceWorker", { value: undefined }));
    await ask(server, "PUT", "/v1/stores/photos/objects/small/one.txt", { token: "all", body: "one" });
    await v.open("#/store/photos/objects/small/?open=/small/one.txt");
    await v.panel.getByRole("heading", { name: "one.txt" }).waitFor();
    const one = await v.download(() => v.button("Download", v.panel).click());
    checks.check("without a courier it goes through memory", one.name === "one.txt" && one.bytes.toString() === "one",
        one.name);
    const tar = await v.download(() => v.button("Download as tar").click());
    checks.check("a folder does, too", tar.name === "small.tar" && tar.bytes.includes("small/one.txt"), tar.name);
    if (LARGE > 256) {
        await v.go("#/store/photos/objects/tenant/");
        await v.row("huge ✓.bin").waitFor();
        const { bytes } = await grown(browser, async () => {
            await v.button("Download as tar").click();
            await v.page.getByText("more than the 256 MiB that a page may hold").waitFor({ timeout: 120000 });
        });
        checks.check("and ends where it is too much", bytes < 600 * MIB, bytes / MIB);
    }
    checks.check("the browser has nothing to complain about", v.complaints.length === 0, v.complaints);
    await v.leave();
}
