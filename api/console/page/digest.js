// digest.js - by what bytes are known again.

const BLOCK = 1 << 20;

// By SHA-256, of which half is plenty against chance. Browsers have it for pages by https and of the own machine only:
// elsewhere by FNV-1a.
export async function digest(blob) {
    if (crypto.subtle) {
        const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
        return btoa(String.fromCharCode(...sum.subarray(0, 16)));
    }
    let sum = 0x811c9dc5;
    for (let from = 0; from < blob.size; from += BLOCK) {
        const block = new Uint8Array(await blob.slice(from, from + BLOCK).arrayBuffer());
        for (let index = 0; index < block.length; index++)
            sum = Math.imul(sum ^ block[index], 0x01000193);
    }
    return (sum >>> 0).toString(16);
}
