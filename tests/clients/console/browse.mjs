// Scenes of looking around: stores, folders, previews, and what is done with objects.

import { gzipSync } from "node:zlib";
import { AWKWARD, ask, batch, list, noise, pdf, png, put, wav, webm } from "./stage.mjs";

const MIB = 1 << 20;
const hex = (bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

export async function furnish({ server }) {
    for (const store of ["photos", "archive", "awkward", "copies", "limited"])
        await ask(server, "PUT", `/v1/stores/${store}`);
    await ask(server, "PATCH", "/v1/stores/limited",
        { body: JSON.stringify({ limits: { bytes: 4000, objects: 10 } }),
        headers: { "Content-Type": "application/json" } });
    await put(server, "limited", "some", noise(3600));
    const picture = png(480, 300);
    for (const name of ["ridge", "summit", "valley"])
        await put(server, "photos", `2026/alps/${name}.png`, picture, "image/png",
            { "Cairn-Meta-Camera": "box", "Cache-Control": "max-age=60" });
    await put(server, "photos", "2026/alps/notes.txt", `${"On the ridge by noon. Grüße.\n".repeat(4000)}the end`,
        "text/plain; charset=utf-8");
    await put(server, "photos", "2026/alps/echo.wav", wav(20), "audio/wav");
    await put(server, "photos", "2026/alps/map.pdf", pdf(), "application/pdf");
    await put(server, "photos", "2026/alps/blob", noise(300), "application/octet-stream");
    await put(server, "photos", "readme.md", "# Photos\n", "text/markdown");
    await put(server, "photos", "2025/first.txt", "first", "text/plain");
    await batch(server, "awkward", AWKWARD.map(({ bytes }) =>
        ({ op: "put", key_base64: bytes.toString("base64"), data: bytes.toString("base64"),
        content_type: "text/plain" })));
    await batch(server, "awkward", [{ op: "put", key_hash: "00112233445566aa", data: "aGFzaA==" }]);
}

export async function stores({ checks, visitor: v }) {
    await v.row("photos").waitFor();
    checks.check("the stores are listed in order",
        await v.sees(["archive", "awkward", "copies", "limited", "photos", "s"]), await v.names());
    const limited = v.row("limited");
    await limited.getByText("3.52 KiB of 3.91 KiB").waitFor();
    checks.check("a quota that is nearly full warns", await limited.locator(".size .bar.warns").count() === 1);
    const width = await limited.locator(".size .bar .fill").evaluate((fill) =>
        fill.getBoundingClientRect().width / fill.parentElement.getBoundingClientRect().width);
    checks.check("its bar shows nine tenths", Math.abs(width - 0.9) < 0.01, width);
    checks.check("objects are told, too", await limited.getByText("1 of 10").count() === 1);
    await v.button("New store").click();
    await v.dialog.getByLabel("Name").fill("No Name");
    await v.dialog.getByRole("button", { name: "Make" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "That is no name" }).waitFor();
    await v.dialog.getByLabel("Name").fill("fresh");
    await v.dialog.getByRole("button", { name: "Make" }).click();
    await v.page.getByRole("heading", { name: "fresh", level: 1 }).waitFor();
    await v.button("Limits").click();
    await v.dialog.getByLabel("Bytes").fill("2 GiB");
    await v.dialog.getByRole("button", { name: "Set limits" }).click();
    await v.told("limits of fresh are set");
    const figures = JSON.parse(await ask(v.server, "GET", "/v1/stores/fresh"));
    checks.check("its limits are set", figures.limits.bytes === 2 * 2 ** 30 && figures.limits.objects === null,
        figures);
    await v.button("Delete store").click();
    await v.dialog.getByLabel("Type fresh to go on").fill("fresh");
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("The store fresh is deleted");
    await v.row("photos").waitFor();
    checks.check("it is gone", !(await v.names()).includes("fresh"), await v.names());
}

export async function folders({ checks, visitor: v }) {
    await v.go("#/store/photos/objects/");
    await v.row("2026/").waitFor();
    checks.check("folders and objects in order", await v.sees(["2025/", "2026/", "readme.md"]), await v.names());
    await v.row("2026/").click();
    await v.row("alps/").click();
    await v.row("summit.png").waitFor();
    checks.check("a folder's objects",
        await v.sees(["blob", "echo.wav", "map.pdf", "notes.txt", "ridge.png", "summit.png", "valley.png"]),
            await v.names());
    const search = v.page.getByRole("searchbox");
    await search.fill("s");
    await v.row("ridge.png").waitFor({ state: "detached" });
    checks.check("those that begin so", await v.sees(["summit.png"]), await v.names());
    await search.fill("");
    await v.row("blob").waitFor();
    await v.main.getByRole("navigation", { name: "Folders above" }).getByRole("link", { name: "2026" }).focus();
    await v.page.keyboard.press("Enter");
    await v.row("alps/").waitFor();
    checks.check("whoever goes to a folder above is there", await v.has(v.main.locator(".path a").last()));
    await v.main.getByRole("navigation", { name: "Folders above" }).getByRole("link", { name: "All" }).click();
    await v.row("readme.md").waitFor();
    await v.button("Folders").click();
    await v.row("2026/alps/summit.png").waitFor();
    checks.check("without folders all keys are there", (await v.names()).length === 9, await v.names());
    await v.page.goBack();
    await v.row("2026/").waitFor();
    const tar = await v.download(() => v.button("Download as tar").click());
    checks.check("a store comes as a tar", tar.name === "photos.tar" && tar.bytes.includes("2026/alps/summit.png"),
        tar.name);
}

async function opened(v, name) {
    await v.row(name).click();
    await v.panel.getByRole("heading", { name }).waitFor();
}

export async function previews({ checks, visitor: v }) {
    await put(v.server, "photos", "2026/alps/clip.webm", await webm(v.page), "video/webm");
    await put(v.server, "photos", "2026/alps/packed.txt", gzipSync("a".repeat(64 * MIB)), "text/plain",
        { "Content-Encoding": "gzip" });
    await v.go("#/store/photos/objects/2026/alps/");
    await opened(v, "summit.png");
    await v.page.waitForFunction(() => document.querySelector(".preview img")?.naturalWidth === 480);
    await v.panel.locator("dt", { hasText: "camera" }).waitFor();
    checks.check("what is kept with an object is told", await v.fact("camera") === "box" &&
        await v.fact("Cache-Control") === "max-age=60" &&
        await v.fact("Type") === "image/png" && await v.fact("Key") === "2026/alps/summit.png");
    await v.picture("object");
    await opened(v, "notes.txt");
    await v.panel.locator("pre", { hasText: "Grüße" }).waitFor();
    checks.check("of a long text the beginning", (await v.panel.locator("pre").textContent()).length < 70000);
    await v.button("Show more").focus();
    await v.page.keyboard.press("Enter");
    await v.panel.locator("pre", { hasText: "the end" }).waitFor();
    checks.check("where there is no more the text has the focus", await v.has(v.panel.locator("pre")));
    checks.check("and the rest, asked for in ranges",
        v.requests.filter(({ path, range }) => path.endsWith("notes.txt") && range).length === 2);
    await opened(v, "packed.txt");
    await v.panel.locator("pre", { hasText: "aaa" }).waitFor();
    const unpacked = (await v.panel.locator("pre").textContent()).length;
    checks.check("what is packed is unpacked no further than it is shown", unpacked < 4 * MIB, unpacked);
    await v.button("Show more").click();
    await v.page.waitForFunction((before) => document.querySelector(".preview pre").textContent.length > before,
        unpacked);
    await opened(v, "echo.wav");
    await v.page.waitForFunction(() => document.querySelector(".preview audio")?.duration === 20);
    checks.check("audio is asked for in ranges", v.requests.some(({ path, status }) => path.endsWith("echo.wav") &&
        status === 206));
    await opened(v, "clip.webm");
    await v.page.waitForFunction(() => document.querySelector(".preview video")?.videoWidth > 0);
    await v.page.evaluate(() => document.querySelector(".preview video").play());
    await v.page.waitForFunction(() => document.querySelector(".preview video").currentTime > 0);
    await opened(v, "map.pdf");
    await v.panel.getByText("A PDF may have scripts").waitFor();
    checks.check("a PDF is not shown unasked", await v.panel.locator("iframe").count() === 0);
    await v.button("Show the PDF").focus();
    await v.page.keyboard.press("Enter");
    const frame = v.panel.locator("iframe");
    await frame.waitFor();
    checks.check("a PDF is shown from memory", (await frame.getAttribute("src")).startsWith("blob:"));
    checks.check("and its place has the focus", await v.has(v.panel.locator(".preview")));
    await opened(v, "blob");
    await v.panel.getByText("There is no preview of this type").waitFor();
    await v.button("Close the object").click();
    checks.check("closed, the list has the focus", await v.grid.evaluate((grid) => grid === document.activeElement));
}

// In sound and pictures that are longer than what a browser fetches ahead: it asks for what is there, and for no more.
export async function seeking({ checks, visitor: v }) {
    await put(v.server, "photos", "media/hour.wav", wav(3600), "audio/wav");
    await v.go("#/store/photos/objects/media/");
    await opened(v, "hour.wav");
    await v.page.waitForFunction(() => document.querySelector(".preview audio")?.duration === 3600);
    const place = await v.page.evaluate(async () => {
        const audio = document.querySelector(".preview audio");
        const sought = new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
        audio.currentTime = 3000;
        await sought;
        await audio.play();
        await new Promise((resolve) => audio.addEventListener("timeupdate", resolve, { once: true }));
        return audio.currentTime;
    });
    checks.check("a player goes to another place", place >= 3000 && place < 3060, place);
    const ranges = v.requests.filter(({ path, status }) => path.endsWith("hour.wav") && status === 206)
        .map(({ range }) => Number(/\d+/.exec(range)[0]));
    checks.check("by a range from there on", ranges.some((from) => from > 20e6 && from < 24.1e6), ranges);
    await v.button("Close the object").click();
}

// Each action on each key.
export async function awkward({ checks, visitor: v }) {
    const before = await list(v.server, "copies");
    if (before.length > 0)
        await batch(v.server, "copies", before.map(({ key }) => ({ op: "delete", key })));
    for (const { bytes, shown } of AWKWARD) {
        const title = `the key ${shown.slice(0, 40)}`,
            place = `#/store/awkward/objects/?flat&open=${hex(Buffer.concat([Buffer.from("/"), bytes]))}`;
        await v.go(place);
        await v.panel.locator("dd").first().filter({ hasText: shown }).waitFor();
        checks.check(`${title} is told`, await v.fact("Key") === shown, await v.fact("Key"));
        const { bytes: got } = await v.download(() => v.button("Download").click());
        checks.check(`${title} is downloaded`, got.equals(bytes), got);
        await v.button("Copy to…", v.panel).click();
        await v.dialog.getByLabel("To the store").fill("copies");
        await v.dialog.getByRole("button", { name: "Copy" }).click();
        await v.told("Copied to");
        await v.button("Rename or move").click();
        const field = v.dialog.getByRole("textbox");
        await field.fill(`\\xffmoved/${shown}`.slice(0, 1000));
        await v.dialog.getByRole("button", { name: "Move" }).click();
        await v.told("Moved to");
        await v.panel.getByText("\\xffmoved/").first().waitFor();
        await v.button("Delete", v.panel).click();
        await v.dialog.getByRole("button", { name: "Delete" }).click();
        await v.told("1 object deleted");
    }
    const left = await list(v.server, "awkward"), copies = await list(v.server, "copies");
    checks.check("all are moved and deleted but that without a key", left.length === 1 &&
        left[0].key_hash === "00112233445566aa", left);
    const keys = copies.map(({ key, key_base64: base64 }) => key === null ? base64 :
        Buffer.from(key).toString("base64")).sort();
    checks.check("all are copied", keys.join() === AWKWARD.map(({ bytes }) => bytes.toString("base64")).sort().join(),
        keys);
    await v.go("#/store/awkward/objects/");
    await v.row("#00112233445566aa").click();
    const hashed = await v.download(() => v.button("Download").click());
    checks.check("one that has no key is downloaded by its hash", hashed.bytes.toString() === "hash");
}

export async function actions({ checks, visitor: v }) {
    await v.go("#/store/photos/objects/2026/alps/");
    await opened(v, "blob");
    await v.button("Copy as curl").click();
    await v.told("line of curl is copied");
    const line = await v.clipboard();
    checks.check("a line of curl", line === `curl -f -o 'blob' '${v.server}/v1/stores/photos/objects/2026/alps/blob'`,
        line);
    await v.button("Rename or move").click();
    await v.dialog.getByLabel("Key", { exact: true }).fill("2026/alps/notes.txt");
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.dialog.getByRole("alert").waitFor();
    checks.check("a target that exists is not replaced unasked",
        await v.dialog.getByLabel("Replace what is there").isVisible());
    await put(v.server, "photos", "2026/alps/old", "old", "text/plain");
    await v.dialog.getByLabel("Key", { exact: true }).fill("2026/alps/old");
    await v.dialog.getByLabel("Replace what is there").waitFor({ state: "hidden" });
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.dialog.getByLabel("Replace what is there").check();
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.told("Moved to 2026/alps/old");
    const moved = (await list(v.server, "photos", "prefix=2026/alps/")).map(({ key, size }) =>
        `${key.slice(10)} ${size}`);
    checks.check("and is where one says so", moved.includes("old 300") &&
        !moved.some((name) => name.startsWith("blob")), moved);
    await v.button("Rename or move").click();
    await v.dialog.getByLabel("Key", { exact: true }).fill("x".repeat(1025));
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.dialog.getByRole("alert").filter({ hasText: "one has 1 to 1,024 bytes" }).waitFor();
    await v.dialog.getByLabel("Key", { exact: true }).fill("2026/alps/blob");
    await v.dialog.getByRole("button", { name: "Move" }).click();
    await v.told("Moved to 2026/alps/blob");
    await v.button("Rename or move").click();
    await v.dialog.waitFor();
    await v.page.keyboard.press("Escape");
    await v.dialog.waitFor({ state: "detached" });
    checks.check("the focus comes back to the button",
        await v.button("Rename or move").evaluate((button) => button === document.activeElement));
    await v.button("Close the object").click();
}

export async function several({ checks, visitor: v }) {
    const operations = Array.from({ length: 250 },
        (_, i) => ({ op: "put", key: `many/${String(i).padStart(4, "0")}`, data: "eA==" }));
    await batch(v.server, "photos", operations);
    await v.go("#/store/photos/objects/many/");
    await v.row("0000").waitFor();
    await v.row("0001").getByRole("checkbox").click();
    await v.row("0004").click({ modifiers: ["Shift"] });
    await v.main.getByText("4 entries selected").waitFor();
    const flaws = await v.flaws();
    checks.check("nothing for axe about what is selected", flaws.length === 0, flaws);
    await v.picture("selected");
    await v.button("Copy to…", v.main).click();
    await v.dialog.getByLabel("To the store").fill("archive");
    await v.dialog.getByLabel("Into the folder").fill("from/");
    await v.dialog.getByRole("button", { name: "Copy" }).click();
    await v.told("4 objects copied");
    const copies = await list(v.server, "archive", "prefix=from/");
    checks.check("several are copied", copies.map(({ key }) =>
        key).join() === "from/0001,from/0002,from/0003,from/0004", copies);
    await v.row("0001").getByRole("checkbox").click();
    await v.row("0004").click({ modifiers: ["Shift"] });
    await v.main.getByText("4 entries selected").waitFor();
    const before = v.requests.length;
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("4 objects deleted");
    checks.check("several are deleted by one batch",
        v.requests.slice(before).filter(({ path }) => path.endsWith("/batch")).length === 1);
    await v.row("0001").waitFor({ state: "detached" });
    await v.go("#/store/photos/objects/");
    await v.row("many/").getByRole("checkbox").click();
    await v.button("Delete", v.main).click();
    await v.dialog.getByRole("button", { name: "Delete" }).click();
    await v.told("246 objects deleted");
    await v.row("many/").waitFor({ state: "detached" });
    checks.check("a folder is deleted with all that is in it",
        (await list(v.server, "photos", "prefix=many/")).length === 0);
}

// Nothing but a keyboard: from the top of the page into a folder, to an object and back.
export async function keyboard({ checks, visitor: v }) {
    const { keyboard: keys } = v.page, focused = (selector) =>
        v.page.evaluate((css) => document.activeElement.matches(css), selector);
    await v.go("#/stores");
    await v.row("photos").waitFor();
    for (let i = 0; i < 20 && !await focused("[role=grid]"); i++)
        await keys.press("Tab");
    await keys.press("Home");
    for (let i = 0; i < 4; i++)
        await keys.press("ArrowDown");
    await keys.press("Enter");
    await v.page.getByRole("heading", { name: "photos", level: 1 }).waitFor();
    for (let i = 0; i < 20 && !await focused("[role=grid]"); i++)
        await keys.press("Tab");
    await v.row("2025/").waitFor();
    await keys.press("Enter");
    await v.row("first.txt").waitFor();
    await keys.press("Enter");
    await v.panel.getByRole("heading", { name: "first.txt" }).waitFor();
    checks.check("what opens has the focus", await focused("aside h2"));
    await keys.press("Escape");
    await v.panel.waitFor({ state: "detached" });
    checks.check("and gives it back", await focused("[role=grid]"));
    await keys.press("Space");
    await v.main.getByText("1 entry selected").waitFor();
    await keys.press("Delete");
    await v.dialog.waitFor();
    await keys.press("Escape");
    await v.dialog.waitFor({ state: "detached" });
    checks.check("a question that is called off gives it back", await focused("[role=grid]"));
    await keys.press("Escape");
    await v.page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown",
        { key: "A", ctrlKey: true, bubbles: true, cancelable: true }))); // as with Caps Lock
    await v.main.getByText("1 entry selected").waitFor();
    await keys.press("Escape");
    await keys.press("Backspace");
    await v.row("2026/").waitFor();
    const active = await v.grid.evaluate((grid) =>
        document.getElementById(grid.getAttribute("aria-activedescendant"))?.getAttribute("aria-rowindex"));
    checks.check("the active row is told", active === "2", active);
}
