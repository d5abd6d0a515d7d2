// Stands in for the modules `xterm`, `xterm-addon-fit` and `xterm-addon-search`, which our wasm imports statically:
// xterm.js itself (300 kB) is fetched when a page that shows a terminal asks.
//
// The exports are live bindings: undefined until `load()` has resolved, the real classes afterwards.
//
// Needs an import map with these names; each URL carries the hash of its file (`url("…")` of the server):
//   "xterm", "xterm-addon-fit", "xterm-addon-search"  -> xterm-late.js
//   "@xterm/xterm"                                    -> xterm/xterm.mjs
//   "@xterm/xterm.css"                                -> xterm/xterm.css
//   "@xterm/addon-fit"                                -> xterm/addon-fit.mjs
//   "@xterm/addon-search"                             -> xterm/addon-search.mjs
//   "@postern/widths"                                 -> xterm/widths.mjs

export let Terminal;
export let FitAddon;
export let SearchAddon;

let loading;
let Widths;

/** Fetches the terminal widget once, however often it is called. A failed fetch may be tried again. */
export function load() {
  loading ??= fetchAll().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** The address of the stylesheet of xterm.js, with the hash of its content. */
export function stylesheet() {
  return import.meta.resolve("@xterm/xterm.css");
}

/** How many columns characters take: a provider for `terminal.unicode.register`, named "psql". */
export function widths() {
  return new Widths();
}

async function fetchAll() {
  const [xterm, fit, search, ranges] = await Promise.all([
    import("@xterm/xterm"),
    import("@xterm/addon-fit"),
    import("@xterm/addon-search"),
    import("@postern/widths"),
  ]);
  Terminal = xterm.Terminal;
  FitAddon = fit.FitAddon;
  SearchAddon = search.SearchAddon;
  Widths = countedBy(ranges);
}

/**
 * `ZERO` and `TWO` hold ranges of code points, first and last inclusive, one after the other. What is below U+10000
 * is looked up in a table: xterm.js asks for every character it prints.
 */
function countedBy({ ZERO, TWO }) {
  const table = new Uint8Array(0x10000).fill(1);
  table.fill(0, 0, 0x20);
  table.fill(0, 0x7f, 0xa0);
  for (const [ranges, width] of [[ZERO, 0], [TWO, 2]]) {
    for (let i = 0; i < ranges.length; i += 2) table.fill(width, ranges[i], ranges[i + 1] + 1);
  }

  return class {
    version = "psql";

    wcwidth(code) {
      if (code < 0x10000) return table[code];
      if (isIn(ZERO, code)) return 0;
      return isIn(TWO, code) ? 2 : 1;
    }

    // xterm.js packs what it knows of a character: bit 0 joins it to the one before, bits 1 and 2 are its width.
    charProperties(code, before) {
      const width = this.wcwidth(code);
      const widthBefore = (before >> 1) & 3;
      return width === 0 && widthBefore !== 0 ? (widthBefore << 1) | 1 : width << 1;
    }
  };
}

function isIn(ranges, code) {
  let [low, high] = [0, ranges.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[2 * middle + 1] < code) low = middle + 1;
    else high = middle;
  }
  return 2 * low < ranges.length && ranges[2 * low] <= code;
}
