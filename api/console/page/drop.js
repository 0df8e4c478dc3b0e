// drop.js - files and whole folders that are dropped on the page or chosen, as a stream of files with their paths.

import { button, make } from "./dom.js";
import { bytesOfText } from "./key.js";
import { complain } from "./notice.js";
import { uploads } from "./upload.js";
import { words } from "./words.js";

// Browsers answer each question for a file by a call of its own, of some milliseconds: all the answers that are there
// come one after the other, and the page stands still meanwhile.
const AT_ONCE = 10;
const LOT = 200; // files that are handed over at a time, so that the page stays awake

const breath = () => new Promise((resolve) => setTimeout(resolve));

const settled = (call) => new Promise((resolve, reject) => call(resolve, reject));

const fileOf = async (entry) => ({ file: await settled((resolve, reject) => entry.file(resolve, reject)),
    path: bytesOfText(entry.fullPath.replace(/^\//, "")) });

// All files of the entries of a drop, and below them. A folder gives its entries a hundred at a time.
async function* filesOf(entries) {
    const files = entries.filter((entry) => entry.isFile);
    for (let from = 0; from < files.length; from += AT_ONCE) {
        yield* await Promise.all(files.slice(from, from + AT_ONCE).map(fileOf));
        await breath();
    }
    for (const folder of entries.filter((entry) => entry.isDirectory)) {
        const reader = folder.createReader();
        for (let some; (some = await settled((resolve, reject) => reader.readEntries(resolve, reject))).length > 0;)
            yield* filesOf(some);
    }
}

// An input tells of each file in which folder it was, if a folder was chosen.
function* filesOfInput({ files }) {
    for (const file of files)
        yield { file, path: bytesOfText(file.webkitRelativePath || file.name) };
}

async function hand(files, target) {
    const group = uploads.begin();
    let lot = [];
    try {
        for await (const found of files) {
            lot.push(found);
            if (lot.length === LOT) {
                uploads.add(group, target, lot);
                lot = [];
                await breath();
            }
        }
    } finally {
        uploads.add(group, target, lot);
        uploads.end();
    }
}

function chooser(label, properties, target) {
    const input = make("input", { type: "file", hidden: true, "aria-label": label, ...properties, onchange: () => {
        hand([...filesOfInput(input)], target()).catch(complain);
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
