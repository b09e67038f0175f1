// Pictures on a terminal that can show them: by the graphics protocol of kitty
// (https://sw.kovidgoyal.net/kitty/graphics-protocol) or as sixels. The terminal itself is asked; one that confirms
// neither gets no picture.
import type { Picture } from "../../data/picture.js";
import { printControl } from "./output.js";
import { sixelOf } from "./sixel.js";

export type Graphics = "kitty" | "sixel" | null;

/** How long a terminal may take to answer. Over a slow line a picture is not worth more. */
const PATIENCE_MS = 300;

/** Asks whether kitty's protocol is known, and then for the device attributes, which every terminal answers. */
const QUERY = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c";

/**
 * The meaning of an answer to the query. Attribute 4 means sixels. Undefined as long as the attributes are not there.
 */
export function graphicsIn(answer: string): Graphics | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: answers begin with escape
  const attributes = answer.match(/\x1b\[\?([\d;]*)c/)?.[1].split(";");
  if (!attributes) return undefined;
  if (answer.includes("_Gi=31;OK")) return "kitty";
  return attributes.slice(1).includes("4") ? "sixel" : null;
}

/** The text that shows an RGB picture; `png` is the same picture as a file. */
export function graphicsText(how: "kitty" | "sixel", picture: Picture, png: Uint8Array): string {
  if (how === "sixel") return `${sixelOf(picture.data, picture.width, picture.height)}\n`;
  const base64 = Buffer.from(png).toString("base64");
  const chunks = base64.match(/.{1,4096}/g) ?? [];
  const escapes = chunks.map((chunk, i) => {
    const control = i === 0 ? "a=T,f=100," : "";
    return `\x1b_G${control}m=${i < chunks.length - 1 ? 1 : 0};${chunk}\x1b\\`;
  });
  return `${escapes.join("")}\n`;
}

/**
 * Asks the terminal what it can show; null where standard input or output is no terminal, or it does not answer in
 * time.
 */
function queryGraphics(): Promise<Graphics> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return Promise.resolve(null);
  return new Promise((resolve) => {
    let answer = "";
    const wasRaw = stdin.isRaw;
    const end = (graphics: Graphics) => {
      clearTimeout(timer);
      stdin.off("data", listen);
      stdin.setRawMode(wasRaw);
      stdin.pause();
      resolve(graphics);
    };
    const listen = (bytes: Buffer) => {
      answer += bytes.toString("latin1");
      const graphics = graphicsIn(answer);
      if (graphics !== undefined) end(graphics);
    };
    const timer = setTimeout(() => end(null), PATIENCE_MS);
    // Raw, so that the answer is not echoed and needs no line feed.
    stdin.setRawMode(true);
    stdin.on("data", listen);
    printControl(QUERY);
  });
}

/** Shows an RGB picture on a terminal that can; `png` is the same picture as a file. */
export async function showOnTerminal(picture: Picture, png: Uint8Array): Promise<void> {
  const how = await queryGraphics();
  if (how) printControl(graphicsText(how, picture, png));
}
