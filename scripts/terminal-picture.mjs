// Runs a command in a pseudo terminal and draws what it shows there as an SVG, so that a picture is always what
// the command said. `scripts/pictures` says which pictures there are; run it as `make pictures`.
//
//   node scripts/terminal-picture.mjs OUT.svg [--early SECONDS OUT.svg] [--columns N] [--replace FROM=TO]... COMMAND
//
// COMMAND is one argument for the shell, and stands above the picture behind a prompt. `--early` draws a second
// picture, of the screen as it was that long after the start. `--replace` puts what a reader would see on a
// machine of their own in the place of a path of this one.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { argv, env, exit, stderr } from "node:process";

const WIDTH = 8.43; // of a character, at this size
const HEIGHT = 20; // of a line
const SIZE = 14;
const EDGE = 18;
const PAPER = "#16181d";
const INK = "#d8dee9";
const COLOURS = { 31: "#f0717b", 32: "#98c379", 33: "#e5c07b", 34: "#61afef", 35: "#c678dd", 36: "#56b6c2" };
const DIM = "#7f8796";

function usage(words = "OUT.svg [--early SECONDS OUT.svg] [--columns N] [--replace FROM=TO]... COMMAND") {
  stderr.write(`terminal-picture: ${words}\n`);
  exit(2);
}

function read(words) {
  const asked = { columns: 100, replace: [], pictures: [{ at: Infinity, out: words.shift() }] };
  const options = {
    "--early": () => asked.pictures.push({ at: Number(words.shift()), out: words.shift() }),
    "--columns": () => (asked.columns = Number(words.shift())),
    "--replace": () => asked.replace.push(words.shift().split("=")),
  };
  while (words.length > 1) (options[words.shift()] ?? usage)();
  return words.length === 1 ? { ...asked, command: words[0] } : usage();
}

/** Runs the command, and returns what it wrote, each piece with the seconds at which it came, and its status. */
function record(command, columns) {
  // A terminal of util-linux's `script`; its own size is that of ours, if it has one.
  const line = `stty cols ${columns} rows 60; ${command}`;
  const surroundings = { ...env, TERM: "xterm-256color", SHELL: "/bin/sh" };
  for (const name of ["CI", "GITHUB_ACTIONS", "NO_COLOR"]) delete surroundings[name];
  const begun = Date.now();
  const args = ["--quiet", "--return", "--command", line, "/dev/null"];
  const child = spawn("script", args, { env: surroundings, stdio: ["ignore", "pipe", "inherit"] });
  const pieces = [];
  child.stdout.on("data", (bytes) => pieces.push({ at: (Date.now() - begun) / 1000, bytes }));
  child.on("error", (error) => usage(`needs script, of util-linux: ${error.message}`));
  return new Promise((resolve) => child.on("close", (status) => resolve({ pieces, status })));
}

/** The screen after a text with the control sequences that progress lines use (ECMA-48): lines of cells. */
function screen(text, columns) {
  const lines = [[]];
  let [row, column, style] = [0, 0, {}];
  const line = () => (lines[row] ??= []);
  const put = (char) => {
    if (column >= columns) [row, column] = [row + 1, 0];
    const cells = line();
    while (cells.length < column) cells.push({ char: " ", style: {} });
    cells[column++] = { char, style };
  };
  const control = (numbers, what) => {
    const count = numbers[0] || 1;
    if (what === "A") row = Math.max(0, row - count);
    else if (what === "B") row += count;
    else if (what === "C") column += count;
    else if (what === "D") column = Math.max(0, column - count);
    else if (what === "G") column = count - 1;
    else if (what === "K") line().splice(numbers[0] === 2 ? 0 : column);
    else if (what === "J") [line().length = Math.min(line().length, column), (lines.length = row + 1)];
    else if (what === "m") style = numbers.reduce(styled, style);
  };
  const tokens = /\x1b\[([\d;?]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07|[\s\S]/gu;
  for (const [token, numbers, what] of text.matchAll(tokens)) {
    if (what) control(numbers.split(";").map(Number), what);
    else if (token === "\n") row += 1;
    else if (token === "\r") column = 0;
    else if (token === "\t") do put(" "); while (column % 8 !== 0);
    else if (token >= " ") put(token);
    line();
  }
  while (lines.length > 0 && !lines.at(-1).some((cell) => cell.char !== " ")) lines.pop();
  return lines;
}

function styled(style, code) {
  if (code === 0) return {};
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, colour: undefined };
  return COLOURS[code % 60] ? { ...style, colour: COLOURS[code % 60] } : style;
}

const escaped = (text) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** One line: each word stands at its own column, whatever the reader's font. */
function drawn(cells, y) {
  const words = [];
  cells.forEach(({ char, style }, column) => {
    const goesOn = column > 0 && cells[column - 1].char !== " " && cells[column - 1].style === style;
    if (char === " ") return;
    if (goesOn) words.at(-1).text += char;
    else words.push({ column, style, text: char });
  });
  const spans = words.map(({ column, style, text }) => {
    const ink = style.colour ?? (style.dim ? DIM : undefined);
    const looks = (ink ? ` fill="${ink}"` : "") + (style.bold ? ' font-weight="bold"' : "");
    return `<tspan x="${(EDGE + column * WIDTH).toFixed(1)}"${looks}>${escaped(text)}</tspan>`;
  });
  return spans.length === 0 ? "" : `<text y="${y}">${spans.join("")}</text>\n`;
}

function picture(lines, columns, title) {
  const [width, height] = [Math.ceil(2 * EDGE + columns * WIDTH), 2 * EDGE + lines.length * HEIGHT];
  const text = lines.map((cells, index) => drawn(cells, EDGE + index * HEIGHT + SIZE));
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"
  font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${SIZE}"
  fill="${INK}">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" rx="8" fill="${PAPER}"/>
${text.join("")}</svg>
`;
}

const asked = read(argv.slice(2));
const { pieces, status } = await record(asked.command, asked.columns);
for (const { at, out } of asked.pictures) {
  const bytes = Buffer.concat(pieces.filter((piece) => piece.at <= at).map((piece) => piece.bytes));
  const prompt = `\x1b[32m$\x1b[0m ${asked.command}\r\n`;
  const text = asked.replace.reduce((text, [from, to]) => text.replaceAll(from, to), prompt + bytes.toString());
  writeFileSync(out, picture(screen(text, asked.columns), asked.columns, asked.command));
}
console.log(`${asked.command}: exit status ${status}`);
