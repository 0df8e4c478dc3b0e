// Scenes of keys as people see them: what is not seen is spelled, what is long is shortened, what runs from right to
// left stays in its place; and what is saved has a name of its own.

import { batch, put } from "./stage.mjs";
import { NARROW, Visitor } from "./visitor.mjs";

// Texts, and how they are written.
const WRITTEN = [
    ["plain name.txt", "plain name.txt"], ["grüße/漢字.txt", "grüße/漢字.txt"], ["a  b", "a \\x20b"], [" lead", "\\x20lead"],
    ["trail ", "trail\\x20"], ["a /b", "a\\x20/b"], ["a/ b", "a/\\x20b"], [" ", "\\x20"], ["ü b", "ü b"], ["ü ", "ü\\x20"],
    ["no\u00a0break", "no\\xc2\\xa0break"], ["em\u2003space", "em\\xe2\\x80\\x83space"],
    ["wide\u3000space", "wide\\xe3\\x80\\x80space"], ["thin\u200bspace", "thin\\xe2\\x80\\x8bspace"],
    ["filler\u3164", "filler\\xe3\\x85\\xa4"], ["\u115f\u1160", "\\xe1\\x85\\x9f\\xe1\\x85\\xa0"],
    ["half\uffa0", "half\\xef\\xbe\\xa0"], ["\u2800", "\\xe2\\xa0\\x80"], ["\u180e", "\\xe1\\xa0\\x8e"],
    ["x\ufe0f", "x\\xef\\xb8\\x8f"], ["x\ufe00", "x\\xef\\xb8\\x80"], ["x\u{e0100}", "x\\xf3\\xa0\\x84\\x80"],
    ["tag\u{e0041}\u{e0042}", "tag\\xf3\\xa0\\x81\\x81\\xf3\\xa0\\x81\\x82"], ["soft\u00adhyphen", "soft\\xc2\\xadhyphen"],
    ["\u034f", "\\xcd\\x8f"], ["\u{1d159}", "\\xf0\\x9d\\x85\\x99"], ["\u{1d173}", "\\xf0\\x9d\\x85\\xb3"],
    ["\ufff9\ufffb", "\\xef\\xbf\\xb9\\xef\\xbf\\xbb"], ["\ue000", "\\xee\\x80\\x80"], ["\uffff", "\\xef\\xbf\\xbf"],
    ["\u202egpj", "\\xe2\\x80\\xaegpj"], ["\u2068a\u2069", "\\xe2\\x81\\xa8a\\xe2\\x81\\xa9"], ["\u0085", "\\xc2\\x85"],
    ["a\\b", "a\\\\b"], ["\\x41", "\\\\x41"], ["\u0600", "\u0600"],
    ["👨‍👩‍👧", "👨‍👩‍👧"], ["👩🏽‍🚀.png", "👩🏽‍🚀.png"], ["❤️", "❤️"], ["1️⃣", "1️⃣"], ["🇨🇭", "🇨🇭"], ["🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"],
    ["😀\u200d😀", "😀\\xe2\\x80\\x8d😀"], ["😀\ufe0f", "😀\\xef\\xb8\\x8f"], ["😀\u200d", "😀\\xe2\\x80\\x8d"],
];

// Keys as they are written, and the names of files that have their bytes.
const FILES = [
    ["a/.", "dot"], ["a/..", "dot-dot"], [".", "dot"], ["..", "dot-dot"], ["...", "object"], ["_", "object"],
    [" ", "object"], ["\u3164", "object"], ["/", "object"], ["a/", "a"], ["constructor", "constructor"],
    ["a\\b", "a_b"], ["x\u202egpj.exe", "x_gpj.exe"], ["👨‍👩‍👧.png", "👨‍👩‍👧.png"], ["a/b.tar.gz", "b.tar.gz"],
    [`${"k".repeat(300)}.txt`, `${"k".repeat(76)}.txt`], [`${"👨‍👩‍👧".repeat(100)}.png`, `${"👨‍👩‍👧".repeat(11)}.png`],
];

// One rule in one module: what comes of each text.
export async function spelled({ checks, visitor: v }) {
    const found = await v.page.evaluate(async ({ texts, files }) => {
        const at = (name) => import(new URL(name, document.baseURI));
        const { Key, bytesOfText, read, write } = await at("key.js"), { nameOfFile } = await at("download.js");
        return { written: texts.map((text) => write(bytesOfText(text))),
            back: texts.map((text) => read(write(bytesOfText(text))) === bytesOfText(text)),
            bytes: [write("\xff \xfe"), write(" \xff"), write("a\xe2\x80")],
            names: files.map((text) => nameOfFile(new Key(bytesOfText(text)).name)) };
    }, { texts: WRITTEN.map(([text]) => text), files: FILES.map(([text]) => text) });
    WRITTEN.forEach(([text, written], index) => {
        checks.check(`${JSON.stringify(text)} is written so that it is seen`, found.written[index] === written,
            found.written[index]);
        checks.check(`${JSON.stringify(text)} is read as it was`, found.back[index]);
    });
    checks.check("bytes that are no text are told", found.bytes.join() === "\\xff \\xfe,\\x20\\xff,a\\xe2\\x80",
        found.bytes);
    FILES.forEach(([text, name], index) => checks.check(`${JSON.stringify(text.slice(0, 40))} is saved under a name`,
        found.names[index] === name, found.names[index]));
}

const at = (prefix, key = "") => `#/store/names/objects/${encodeURIComponent(prefix)}` +
    `${key ? `?open=${encodeURIComponent(`/${key}`)}` : ""}`;

// What a browser makes of such names.
export async function named({ checks, visitor: v }) {
    await fetch(`${v.server}/v1/stores/names`, { method: "PUT" });
    const keys = { "a/.": "dot", "a/..": "dot-dot", "tail\u3164.txt": "tail_.txt", "❤️.txt": "❤️.txt" };
    await batch(v.server, "names", Object.keys(keys).map((key) => ({ op: "put", key, data: btoa("x") })));
    for (const [key, name] of Object.entries(keys)) {
        await v.go(at("", key));
        await v.panel.locator("dd").first().filter({ hasText: key.replace("\u3164", "\\xe3\\x85\\xa4") }).waitFor();
        const saved = await v.download(() => v.button("Download", v.panel).click());
        checks.check(`${key} is saved as ${name}`, saved.name === name, saved.name);
    }
    await v.button("Close the object").click();
    const folders = { [`${"\u{20000}".repeat(100)}/`]: `${"\u{20000}".repeat(50)}.tar`,
        [`${"n".repeat(260)}/`]: `${"n".repeat(80)}.tar`, "../": "dot-dot.tar" };
    for (const [folder, name] of Object.entries(folders)) {
        await batch(v.server, "names", [{ op: "put", key: `${folder}x`, data: btoa("x") }]);
        await v.go(at(folder));
        await v.row("x").waitFor();
        const saved = await v.download(() => v.button("Download as tar").click());
        checks.check(`the folder ${folder.slice(0, 8)} is saved`, saved.name === name, saved.name);
    }
}

// A key as long as one may be takes no more of the page than others do, and can be read to its end.
export async function long({ checks, browser, server }) {
    const key = `long-${"k".repeat(500)}/${"m".repeat(514)}.txt`, folder = key.replace(/[^/]*$/, "");
    await put(server, "names", key, "x", "text/plain");
    for (const size of [{ width: 1280, height: 800 }, NARROW]) {
        const v = await Visitor.arrive(browser, server, { size, place: at(folder, key) });
        await v.panel.locator("pre").waitFor();
        const { height } = await v.panel.locator("h2").boundingBox();
        checks.check(`${size.width}: the heading is short`, height < 140, height);
        const box = await v.panel.locator(".preview").boundingBox();
        checks.check(`${size.width}: the preview is seen`, box.y + box.height <= size.height, box);
        checks.check(`${size.width}: the heading ends as the key does`,
            (await v.panel.locator("h2").textContent()).endsWith("mmm.txt"));
        checks.check(`${size.width}: all of it can be read`, await v.fact("Key") === key);
        await v.button("Delete", v.panel).click();
        const question = await v.dialog.boundingBox();
        checks.check(`${size.width}: so is a question about it`, question.height < 320, question);
        await v.page.keyboard.press("Escape");
        await v.button("Close the object").click();
        const path = v.main.getByRole("navigation", { name: "Folders above" });
        const crumb = path.getByRole("link").nth(1), whole = folder.slice(0, -1);
        const line = await path.boundingBox();
        checks.check(`${size.width}: the path is short`, line.height < 120, line);
        checks.check(`${size.width}: and its name is whole`, await crumb.getAttribute("title") === whole);
        const flaws = await v.flaws();
        checks.check(`${size.width}: nothing for axe`, flaws.length === 0, flaws);
        await v.leave();
    }
}

// What no key can begin with is told before it is asked, wherever it comes from.
export async function overlong({ checks, visitor: v }) {
    const text = "ä".repeat(600), told = v.main.getByText("No key begins like that: one has 1,024 bytes at most");
    v.requests.length = 0;
    await v.go("#/store/photos/objects/");
    await v.main.getByText(/^\d+ entr/).waitFor();
    const search = v.main.getByRole("searchbox");
    await search.fill(text);
    await told.waitFor();
    await search.fill("read");
    await v.row("readme.md").waitFor();
    await v.go(`#/store/photos/objects/${"d/".repeat(513)}`);
    await told.waitFor();
    checks.check("what no key can begin with is not offered as a tar", await v.button("Download as tar").count() === 0);
    await v.go("#/store/photos/changes");
    await v.main.getByText("0 changes since you look").waitFor();
    await search.fill(text);
    await told.waitFor();
    await search.fill("");
    await v.main.getByText("0 changes since you look").waitFor();
    await v.go("#/store/photos/objects/?open=/");
    await v.told("There is no such object any more");
    const refused = v.requests.filter(({ status }) => status >= 400);
    checks.check("and nothing is refused", refused.length === 0, refused);
}

// A type is a text like any other, and a file that is called - no terminal.
export async function typed({ checks, visitor: v }) {
    const text = "text/plain; x=\"\u202egnp\u200b\"", spelt = "text/plain; x=\"\\xe2\\x80\\xaegnp\\xe2\\x80\\x8b\"";
    await fetch(`${v.server}/v1/stores/names`, { method: "PUT" });
    await batch(v.server, "names", [{ op: "put", key: "typed/-", data: btoa("x"), content_type: text }]);
    await v.go(at("typed/", "typed/-"));
    await v.row("-").waitFor();
    const row = await v.row("-").locator(".type").textContent();
    checks.check("a type is spelled in its row", row === spelt, row);
    await v.panel.locator("dt", { hasText: "Type" }).waitFor();
    checks.check("and among the facts", await v.fact("Type") === spelt, await v.fact("Type"));
    await v.button("Copy as curl").click();
    await v.told("line of curl is copied");
    checks.check("curl writes it into a file", (await v.clipboard()).includes("-o './-' "), await v.clipboard());
    await v.button("Close the object").click();
}

// What is spelled in a name that runs from right to left is read from left to right.
async function spelledWithin({ checks, v }) {
    await put(v.server, "names", "ن\u200cه/x", "x", "text/plain");
    await v.go(at(""));
    const place = await v.row("ن\\xe2\\x80\\x8cه/").locator(".text").evaluate((element) => {
        const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
        const found = {};
        for (let node; (node = walker.nextNode());)
            for (const { 0: sign, index } of node.data.matchAll(/[\\xنه]/g)) {
                range.setStart(node, index);
                range.setEnd(node, index + 1);
                (found[sign] ??= []).push(range.getBoundingClientRect().left);
            }
        return found;
    });
    checks.check("what is spelled keeps its order", place["\\"].every((left, index) => left < place.x[index]), place);
    checks.check("and its place in the name", place["ه"][0] < place["\\"][0] && place.x[2] < place["ن"][0], place);
}

// Whether the parts of a path stand from left to right as they do in it, whichever way each of them is read.
const inOrder = (locator) => locator.first().evaluate((element) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), range = document.createRange();
    const parts = [];
    for (let node; (node = walker.nextNode());)
        for (const { 0: part, index } of node.data.matchAll(/[^/]+/g)) {
            range.setStart(node, index);
            range.setEnd(node, index + part.length);
            const { left, right, top } = range.getBoundingClientRect();
            parts.push({ left, right, top });
        }
    return parts.length > 1 && parts.every(({ left, top }, index) =>
        index === 0 || top > parts[index - 1].top + 4 || left >= parts[index - 1].right - 1);
});

export async function isolated({ checks, visitor: v }) {
    const key = "ספר/שיר/שלום 123.txt", folder = "ספר/שיר/";
    await fetch(`${v.server}/v1/stores/names`, { method: "PUT" });
    await put(v.server, "names", key, "x", "text/plain");
    await v.go("#/store/names/objects/?flat");
    await v.row(key).waitFor();
    checks.check("in a list the parts of a key keep their order", await inOrder(v.row(key).locator(".text")));
    await v.row(key).click();
    await v.panel.locator("dd").first().filter({ hasText: key }).waitFor();
    checks.check("among the facts, too", await inOrder(v.panel.locator("dd")));
    checks.check("the heading is one that stands for itself", await v.panel.locator("h2 bdi").count() === 1);
    await v.button("Delete", v.panel).click();
    checks.check("in a question its name stands for itself",
        await v.dialog.locator("h2 bdi").textContent() === "שלום 123.txt");
    await v.page.keyboard.press("Escape");
    await v.button("Rename or move").click();
    await v.dialog.getByLabel("Key", { exact: true }).fill("ספר/שיר/שלום 124.txt");
    await v.dialog.getByRole("button", { name: "Move" }).click();
    const notice = v.page.locator(".notice .what").filter({ hasText: "Moved to" });
    checks.check("in a message they keep their order", await inOrder(notice));
    await v.told("Moved to");
    await v.go(at(folder));
    await v.row("שלום 124.txt").waitFor();
    checks.check("in the path above", await v.main.locator(".path bdi").count() === 2 &&
        await inOrder(v.main.locator(".path")));
    checks.check("in the title", (await v.page.title()).includes("\u2068ספר\u2069/\u2068שיר\u2069/"),
        await v.page.title());
    await v.page.locator('input[type=file][aria-label="Upload files"]').setInputFiles(
        { name: "שלום 124.txt", mimeType: "text/plain", buffer: Buffer.from("other") });
    checks.check("in a question about an upload", await inOrder(v.question.locator("#conflict")));
    await v.button("Skip them", v.question).click();
    const row = v.page.locator(".uploads .rows .row:not([hidden]) .text");
    checks.check("and among the uploads", await inOrder(row));
    await v.button("Clear what is done").click();
    checks.check("a name is one piece of text for who copies it", await v.sees(["שלום 124.txt"]), await v.names());
    await spelledWithin({ checks, v });
}
