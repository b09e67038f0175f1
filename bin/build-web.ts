// `npm run build:web`: builds the pages into dist/web and lists what they weigh.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildPages, pagesFolder } from "../cut/web/build.js";
import { pages } from "./pages.js";

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1).padStart(8)} kB`;

const folder = pagesFolder();
await buildPages(pages, folder);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .map((file) => ({ file, info: statSync(join(folder, file)) }))
  .filter(({ info }) => info.isFile());
for (const { file, info } of files) console.log(`${kilobytes(info.size)}  ${file}`);
console.log(`${kilobytes(files.reduce((sum, { info }) => sum + info.size, 0))}  in ${folder}`);
