// The pictures of docs/console.md, which are looked at by people and by no test:
//
//     CONSOLE_PICTURES=docs/console node portraits.mjs CAIRND
//
// They are taken of a server that has done something for some minutes (PORTRAIT_SECONDS), so that there is something to
// see.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { killAll, startCairnd } from "./cairnd.mjs";
import { ask, batch, noise, png, put } from "./stage.mjs";
import { Visitor, launch } from "./visitor.mjs";

const SECONDS = Number(process.env.PORTRAIT_SECONDS ?? 150);
const SIZE = { width: 1280, height: 800 };

const limit = (server, store, limits) => ask(server, "PATCH", `/v1/stores/${store}`,
    { body: JSON.stringify({ limits }), headers: { "Content-Type": "application/json" } });

async function furnish(server) {
    for (const store of ["backups", "builds", "mail", "photos", "telemetry"])
        await ask(server, "PUT", `/v1/stores/${store}`);
    for (const [index, name] of ["arrival", "evening", "glacier", "hut", "lake", "pass", "ridge", "summit",
        "valley"].entries())
        await put(server, "photos", `2026/alps/${name}.png`, png(960 + 40 * index, 600), "image/png",
            { "Cairn-Meta-Camera": "box", "Cairn-Meta-Place": "Silvretta" });
    await put(server, "photos", "2026/alps/map.pdf", noise(41000), "application/pdf");
    await put(server, "photos", "2026/alps/notes.txt", "On the ridge by noon.\n".repeat(40), "text/plain");
    for (let month = 1; month <= 6; month++)
        await put(server, "backups", `2026-0${month}.tar.zst`, noise(3000000 + 400000 * month), "application/zstd");
    await limit(server, "backups", { bytes: 30000000 });
    await limit(server, "photos", { bytes: 2000000, objects: 5000 });
    await limit(server, "mail", { objects: 2000 });
    await batch(server, "mail", Array.from({ length: 1740 }, (_, i) =>
        ({ op: "put", key: `inbox/${String(i).padStart(5, "0")}.eml`, data: noise(600).toString("base64") })));
}

// Reads and writes, sometimes more and sometimes less of them.
async function work(server, until) {
    for (let round = 0; performance.now() < until; round++) {
        const wave = 0.5 + 0.5 * Math.sin(performance.now() / 15000), jobs = [];
        for (let i = 0; i < 2 + 8 * wave; i++)
            jobs.push(put(server, "telemetry", `sensor-${round % 40}/${i}.json`, noise(500 + 4000 * wave),
                "application/json"));
        for (let i = 0; i < 12 * (1 - wave); i++)
            jobs.push(ask(server, "GET", "/v1/stores/photos/objects/2026/alps/notes.txt"));
        if (round % 5 === 0)
            jobs.push(ask(server, "DELETE", `/v1/stores/telemetry/objects/sensor-${round % 40}/0.json`));
        await Promise.all(jobs);
        await new Promise((resolve) => setTimeout(resolve, 30)); // a load, and not all that the machine can do
    }
}

async function take(browser, server, folder) {
    const v = await Visitor.arrive(browser, server, { size: SIZE });
    await v.row("telemetry").getByText("%").waitFor();
    await v.picture("stores");
    await v.go("#/store/photos/objects/2026/alps/?open=/2026/alps/summit.png");
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth > 0);
    await v.picture("object");
    await v.button("Close the object").click();
    await v.row("glacier.png").getByRole("checkbox").click();
    await v.row("pass.png").click({ modifiers: ["Shift"] });
    await v.main.getByText("6 entries selected").waitFor();
    await v.picture("selected");
    const paths = ["hut.png", "sunrise.png", "tarn.png"].map((name) => join(folder, name));
    await Promise.all(paths.map((path) => writeFile(path, png(800, 500))));
    await v.button("Select nothing").click();
    await v.page.locator("input[type=file][aria-label='Upload files']").setInputFiles(paths);
    await v.button("Skip them", v.question).click({ trial: true }); // when one can
    await v.picture("conflict");
    await v.button("Skip them", v.question).click();
    await v.leave();
}

async function takeLive(browser, server) {
    for (const [name, place, scheme] of [["live", "#/live", "dark"],
        ["changes", "#/store/telemetry/changes", "light"]]) {
        const v = await Visitor.arrive(browser, server, { size: SIZE, scheme, place });
        await (name === "live" ? v.main.locator(".legend dd", { hasText: /\d/ }).first() :
            v.grid.locator(".row").nth(15)).waitFor();
        await v.picture(name);
        await v.leave();
    }
}

const folder = await mkdtemp(join(tmpdir(), "cairn-portraits-")), browser = await launch();
try {
    const { port, end } = await startCairnd(join(folder, "data"), ["--listen", "127.0.0.1:0"]);
    const server = `http://127.0.0.1:${port}`;
    await furnish(server);
    const until = performance.now() + SECONDS * 1000, working = work(server, until);
    await new Promise((resolve) => setTimeout(resolve, (SECONDS - 30) * 1000)); // what is seen has to have happened
    await takeLive(browser, server);
    await working;
    await take(browser, server, folder);
    await end("SIGTERM");
} finally {
    await browser.close();
    killAll();
    await rm(folder, { recursive: true, force: true });
}
