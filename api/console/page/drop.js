// drop.js - files and whole folders that are dropped on the page or chosen, as a stream of files with their paths.

import { button, make } from "./dom.js";
import { bytesOfText, isKey, write } from "./key.js";
import { complain, say } from "./notice.js";
import { Unreadable } from "./send.js";
import { tell } from "./spelling.js";
import { uploads } from "./upload.js";
import { words } from "./words.js";

// Browsers answer each question for a file by a call of its own, of some milliseconds: all the answers that are there
// come one after the other, and the page stands still meanwhile.
const AT_ONCE = 10;
const LOT = 200; // files that are handed over at a time, so that the page stays awake

const breath = () => new Promise((resolve) => setTimeout(resolve));

const settled = (call) => new Promise((resolve, reject) => call(resolve, reject));

// As keys are: a folder's ends with a slash. Of a name that is no text browsers tell nothing.
const pathOf = ({ fullPath, name, isDirectory }) =>
    bytesOfText(`${fullPath.slice(1)}${name === "" ? "\ufffd" : ""}${isDirectory ? "/" : ""}`);

function faultOf({ name, isDirectory }, path) {
    if (name === "")
        return words.upload.nameless;
    if (!isDirectory)
        return words.upload.unreadable;
    return isKey(path) ? words.upload.unreadableFolder : words.refusals["bad-key"];
}

// It fails by its name, and is read again when somebody tries it again.
function unread(entry) {
    const path = pathOf(entry);
    return { entry, path, error: new Unreadable(faultOf(entry, path)) };
}

async function fileOf(entry) {
    try {
        return { file: await settled((resolve, reject) => entry.file(resolve, reject)), path: pathOf(entry) };
    } catch {
        return unread(entry);
    }
}

// The next of a folder's entries, a hundred or so; none at its end, and null where it cannot be read. For one whose name
// is no text Chromium answers with what is beside it.
async function readOn({ fullPath }, reader) {
    try {
        const some = await settled((resolve, reject) => reader.readEntries(resolve, reject));
        return some.every((entry) => entry.fullPath === `${fullPath}/${entry.name}`) ? some : null;
    } catch {
        return null;
    }
}

const come = new WeakMap(); // of a folder: the names of what was read of it, though the rest was not

// What is deeper than keys are long would have no key: so nothing is walked for ever.
async function* filesBelow(folder) {
    const reader = folder.createReader(), hasKey = folder.name !== "" && isKey(pathOf(folder));
    const before = come.get(folder) ?? new Set(), names = new Set(before);
    come.set(folder, names);
    for (;;) {
        const some = hasKey ? await readOn(folder, reader) : null;
        if (some === null)
            yield unread(folder);
        if (!some?.length)
            return;
        some.forEach(({ name }) => names.add(name));
        yield* filesOf(some.filter(({ name }) => !before.has(name)));
    }
}

// All files of the entries of a drop, and below them.
async function* filesOf(entries) {
    const files = entries.filter((entry) => entry.isFile);
    for (let from = 0; from < files.length; from += AT_ONCE) {
        yield* await Promise.all(files.slice(from, from + AT_ONCE).map(fileOf));
        await breath();
    }
    for (const folder of entries.filter((entry) => entry.isDirectory))
        yield* filesBelow(folder);
}

// An input tells of each file in which folder it was, if a folder was chosen. There Chromium makes slashes of backslashes:
// the file itself has its true name, and of two that come to be the same by their folders one would be lost.
function filesOfInput({ files }) {
    const found = Array.from(files, (file) => ({ file,
        path: bytesOfText(file.webkitRelativePath.slice(0, -file.name.length) + file.name) }));
    const seen = new Set();
    for (const { file, path } of found) {
        if (file.webkitRelativePath && seen.has(path))
            throw new Error(words.upload.twofold(tell(write(path))));
        seen.add(path);
    }
    return found;
}

// `known`: the group that they come to once more.
async function hand(files, target, known) {
    if (target === null)
        throw new Error(words.refusals.forbidden); // by now
    const group = uploads.begin(known);
    group.again = (entries) => hand(filesOf(entries), target, group).catch(complain);
    let lot = [], count = 0;
    for await (const found of files) {
        count++;
        lot.push(found);
        if (lot.length === LOT) {
            uploads.add(group, target, lot);
            lot = [];
            await breath();
        }
    }
    uploads.add(group, target, lot);
    uploads.end();
    if (count === 0)
        say(words.upload.nothing);
}

function chooser(label, properties, target) {
    const input = make("input", { type: "file", hidden: true, "aria-label": label, ...properties, onchange: () => {
        (async () => hand(filesOfInput(input), target()))().catch(complain);
        input.value = "";
    } });
    return input;
}

// "Upload" and "Upload a folder". target() tells where the files go.
export function uploadButtons(target) {
    const files = chooser(words.upload.files, { multiple: true }, target);
    const folder = chooser(words.upload.folder, { webkitdirectory: "" }, target);
    return make("div", { class: "uploading", role: "group", "aria-label": words.upload.title }, files, folder,
        button(words.upload.folder, { icon: "folderUp", onclick: () => folder.click() }),
        button(words.upload.files, { icon: "upload", kind: "primary", onclick: () => files.click() }));
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

// What is dropped elsewhere is not opened in the place of this page, with all that it is about.
for (const name of ["dragover", "drop"])
    addEventListener(name, (event) => {
        if (!hasFiles(event) || event.defaultPrevented)
            return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "none";
    });

// Takes what is dropped on the element, where target() tells a place for it. Answers what ends that.
export function receiveDrops(element, target) {
    let depth = 0;
    const mark = (by) => {
        depth = Math.max(0, depth + by);
        element.classList.toggle("receives", depth > 0);
    };
    const listeners = {
        dragenter: () => mark(1),
        dragleave: () => mark(-1),
        dragover: (event) => { event.dataTransfer.dropEffect = "copy"; },
        drop: (event) => {
            mark(-depth);
            const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
            hand(filesOf(entries), target()).catch(complain);
        },
    };
    for (const [name, listener] of Object.entries(listeners))
        element.addEventListener(name, (event) => {
            if (!hasFiles(event) || target() === null)
                return;
            event.preventDefault();
            listener(event);
        });
    return () => mark(-depth);
}
