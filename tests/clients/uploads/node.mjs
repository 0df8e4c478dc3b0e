// tus-js-client under Node.js, over a line that breaks, to a server that is killed:
//
//     node node.mjs CAIRND
//
// CAIRN_UPLOAD_MIB is the size of the upload that is interrupted, 96 by default.

import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FileUrlStorage, Upload } from "tus-js-client";
import { Cairn } from "./cairn.mjs";
import { killAll } from "./cairnd.mjs";
import { Checks, MIB, digestOf, noise, sha256 } from "./checks.mjs";
import { Line } from "./line.mjs";

const large = Number(process.env.CAIRN_UPLOAD_MIB ?? 96) * MIB + 12345;
const checks = new Checks("tus-js-client, Node.js");
const folder = await mkdtemp(join(tmpdir(), "cairn-uploads-"));

async function makeFile(name, length) {
    const path = join(folder, name);
    await pipeline(Readable.from(noise(length)), createWriteStream(path));
    return path;
}

// An upload, and the promise of its end.
function begin(source, endpoint, options) {
    let upload;
    const end = new Promise((resolve, reject) => {
        upload = new Upload(source, { endpoint, retryDelays: [0, 100, 100, 200, 200, 500, 1000], ...options,
            onSuccess: (last) => resolve(last.lastResponse), onError: reject });
    });
    return { upload, end };
}

const failure = (end) => end.then(() => "success", (error) => error.originalResponse?.getStatus() ?? String(error));

// ---- interrupted ---------------------------------------------------------------------------------

// Notes what the server told of an upload, and where the client went on.
class Witness {
    told = 0;
    back = []; // told less than before
    again = []; // sent from before what was told

    options() {
        return {
            onBeforeRequest: (request) => {
                const from = Number(request.getHeader("Upload-Offset"));
                if (request.getMethod() === "PATCH" && from < this.told)
                    this.again.push([from, this.told]);
            },
            onAfterResponse: (request, response) => {
                const offset = Number(response.getHeader("Upload-Offset") ?? this.told);
                if (offset < this.told)
                    this.back.push([offset, this.told]);
                this.told = Math.max(this.told, offset);
            },
        };
    }
}

// Breaks the line so many times at places spread over the upload; each fourth time the server is killed, too.
async function interrupt(cairn, line, times) {
    for (let i = 1; i <= times; i++) {
        await line.after(line.sent + (large * 0.9) / times);
        line.cut();
        if (i % 4 === 0)
            await cairn.crash();
        line.mend();
    }
}

async function interrupted(cairn, line) {
    const times = 20, witness = new Witness(), path = await makeFile("large", large);
    const cuts = interrupt(cairn, line, times);
    const { upload, end } = begin(createReadStream(path), `http://127.0.0.1:${line.port}/v1/stores/s/uploads`,
        { metadata: { key: "large", filetype: "application/x-noise", "meta-from": "node" }, ...witness.options() });
    upload.start();
    const [last] = await Promise.all([end, cuts]);
    await cairn.measure();
    const object = await fetch(`${cairn.store}/objects/large`, { method: "HEAD" });
    checks.check("interrupted twenty times, five times by kill -9: the same bytes",
        await digestOf(`${cairn.store}/objects/large`) === await sha256(createReadStream(path)), object.headers);
    checks.check("the attributes are there", object.headers.get("content-type") === "application/x-noise" &&
        object.headers.get("cairn-meta-from") === "node", object.headers);
    checks.check("the last answer has the receipt", last.getHeader("Cairn-ETag") === object.headers.get("etag"),
        last.getHeader("Cairn-ETag"));
    checks.check("what was told stays told", witness.back.length === 0, witness.back);
    checks.check("nothing that was told is sent again", witness.again.length === 0, witness.again);
    checks.check("it takes less than 4 MiB", cairn.grown < 4096, `${cairn.grown} KiB`);
    console.log(`tus-js-client, Node.js: ${large} bytes, ${line.sent} sent, ${cairn.grown} KiB above idle`);
    await rm(path);
}

// ---- the rest of the protocol ----------------------------------------------------------------------

// A program that ends in the middle of an upload; the next one finds it by its fingerprint.
async function resumedByAnother(cairn, line) {
    const endpoint = `http://127.0.0.1:${line.port}/v1/stores/s/uploads`, path = await makeFile("later", 40 * MIB);
    const options = { metadata: { key: "later" }, urlStorage: new FileUrlStorage(join(folder, "urls")), chunkSize: 8 * MIB };
    const first = begin(createReadStream(path), endpoint, { ...options,
        onChunkComplete: (size, sent) => sent >= 16 * MIB && first.upload.abort() && line.cut() });
    first.upload.start();
    await line.after(line.sent + 16 * MIB);
    await first.upload.abort();
    line.cut();
    line.mend();
    const before = line.sent, second = begin(createReadStream(path), endpoint, options);
    const [previous] = await second.upload.findPreviousUploads();
    checks.check("another program finds what the first one began", previous?.uploadUrl, previous);
    second.upload.resumeFromPreviousUpload(previous);
    second.upload.start();
    await second.end;
    checks.check("it sends the rest only", line.sent - before < 33 * MIB, line.sent - before);
    checks.check("it makes the object whole",
        await digestOf(`${cairn.store}/objects/later`) === await sha256(createReadStream(path)), "other bytes");
}

async function inParallel(cairn) {
    const path = await makeFile("parallel", 33 * MIB + 1);
    const { upload, end } = begin(createReadStream(path), `${cairn.store}/uploads`,
        { metadata: { key: "parallel", filetype: "application/x-parts" }, parallelUploads: 4 });
    upload.start();
    await end;
    checks.check("four parallel parts become one object",
        await digestOf(`${cairn.store}/objects/parallel`) === await sha256(createReadStream(path)), "other bytes");
    const { headers } = await fetch(`${cairn.store}/objects/parallel`, { method: "HEAD" });
    checks.check("the whole has the attributes", headers.get("content-type") === "application/x-parts", headers);
}

// Of a stream whose length nobody knows.
async function deferred(cairn) {
    const chunks = [...noise(5 * MIB + 7)];
    const { upload, end } = begin(Readable.from(chunks), `${cairn.store}/uploads`,
        { metadata: { key: "deferred" }, uploadLengthDeferred: true, chunkSize: 2 * MIB });
    upload.start();
    await end;
    checks.check("a stream of unknown length",
        await digestOf(`${cairn.store}/objects/deferred`) === await sha256(chunks), "other bytes");
}

async function withItsCreation(cairn) {
    const bytes = Buffer.concat([...noise(3 * MIB)]);
    const { upload, end } = begin(bytes, `${cairn.store}/uploads`,
        { metadata: { key: "at once" }, uploadDataDuringCreation: true });
    upload.start();
    await end;
    checks.check("bytes that come with the creation",
        await digestOf(`${cairn.store}/objects/at%20once`) === await sha256([bytes]), "other bytes");
}

async function refused(cairn) {
    const upload = (options) => {
        const begun = begin(Buffer.from("x"), `${cairn.store}/uploads`, { retryDelays: null, ...options });
        begun.upload.start();
        return failure(begun.end);
    };
    const exists = await upload({ metadata: { key: "at once" }, headers: { "If-None-Match": "*" } });
    checks.check("If-None-Match: * where there is an object", exists === 412, exists);
    const keyless = await upload({ metadata: {} });
    checks.check("an upload without a key", keyless === 400, keyless);
}

async function list(cairn) {
    return (await (await fetch(`${cairn.store}/uploads`)).json()).uploads;
}

async function givenUp(cairn) {
    const bytes = Buffer.concat([...noise(4 * MIB)]);
    const { upload } = begin(bytes, `${cairn.store}/uploads`, { metadata: { key: "given up" }, chunkSize: MIB,
        onChunkComplete: (size, sent) => sent === 2 * MIB && stop(upload.abort()) });
    let stop;
    const stopped = new Promise((resolve) => { stop = resolve; });
    upload.start();
    await stopped;
    checks.check("it is listed", (await list(cairn)).some(({ key }) => key === "given up"), await list(cairn));
    await upload.abort(true);
    checks.check("an upload that is given up is gone",
        (await list(cairn)).every(({ key }) => key !== "given up"), await list(cairn));
    const object = await fetch(`${cairn.store}/objects/given%20up`);
    checks.check("and has left no object", object.status === 404, object.status);
}

// ---- all of it -------------------------------------------------------------------------------------

const cairn = await Cairn.start(join(folder, "data"));
const line = await Line.open(cairn.port);
try {
    for (const scene of [interrupted, resumedByAnother, inParallel, deferred, withItsCreation, refused, givenUp])
        await checks.run(scene, cairn, line);
    await cairn.stop();
} finally {
    line.close();
    killAll();
    await rm(folder, { recursive: true });
}
checks.end();
