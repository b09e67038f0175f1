// A tab of a headless Chromium on SwiftShader, with the built pages: Debian's Chromium where it is installed, else the
// one that @sparticuz/chromium carries. Every test file opens a browser of its own and closes it.
import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { servePages } from "../../cut/web/server.js";

export const pagesFolder = process.env["CUTGPU_TEST_PAGES"] ?? "";

const FLAGS = [
  ...["--no-sandbox", "--headless=new", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
  // All of the browser's drawing on SwiftShader's Vulkan: else a canvas that WebGPU draws on ends the GPU process.
  ...["--enable-features=Vulkan", "--use-vulkan=swiftshader", "--use-angle=swiftshader"],
  // Nothing of the browser's own may want the network.
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
];

async function executable(): Promise<string> {
  const named = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (existsSync(named)) return named;
  const { default: carried } = await import("@sparticuz/chromium");
  return carried.executablePath();
}

export interface Tab {
  browser: Browser;
  context: BrowserContext;
  page: Page;
  url: string;
  close(): Promise<void>;
}

/** Opens a browser with an empty tab; `flags` are Chromium's. */
export async function openTab(flags: readonly string[] = []): Promise<Tab> {
  const server = await servePages(pagesFolder, 0);
  const browser = await chromium.launch({ executablePath: await executable(), args: [...FLAGS, ...flags] });
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, acceptDownloads: true });
  const page = await context.newPage();
  page.setDefaultTimeout(40_000);
  page.on("pageerror", (error) => console.log(`page error: ${error.message}`));
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { browser, context, page, url: server.url, close };
}

/** Loads the first page anew with a part open, and waits until the demo model is there. */
export async function openPart(tab: Tab, part: "translate" | "train" | "inspect"): Promise<void> {
  // An address that differs in its fragment alone would not load anything.
  await tab.page.goto(`${tab.url}icon.svg`);
  await tab.page.goto(`${tab.url}#${part}`);
  await tab.page.locator("#model-name", { hasText: "demo" }).waitFor({ state: "attached" });
}

/** Loads a page anew, and waits until the adapter is known. */
export async function openPage(tab: Tab, path: string): Promise<void> {
  await tab.page.goto(`${tab.url}icon.svg`);
  await tab.page.goto(`${tab.url}${path}`);
  await tab.page.locator("#adapter", { hasText: /^GPU: / }).waitFor();
}

/** Waits until an element's text matches, and returns it; fails with what it said instead. */
export async function textOf(page: Page, selector: string, wanted: RegExp): Promise<string> {
  const element = page.locator(selector, { hasText: wanted });
  try {
    await element.waitFor({ state: "attached" });
  } catch {
    const [said, message] = await Promise.all([selector, "#message"].map((one) => page.locator(one).allTextContents()));
    throw new Error(`${selector} says "${said}", not ${wanted}; message: "${message}"`);
  }
  return (await element.textContent()) ?? "";
}

/** What tests hold back: reads from the GPU, reads of a file, writes of one. */
const HELD = {
  GPUBuffer: "mapAsync",
  Blob: "arrayBuffer",
  FileSystemWritableFileStream: "write",
} as const;

/** Calls that a page makes, held back: `begun` waits for the first of them, `release` lets all go on. */
export interface Held {
  begun(): Promise<unknown>;
  release(): Promise<void>;
}

/**
 * Holds back what a page does by a class's method, from the `from`-th call on, so that what the page says in the
 * meantime can be waited for and acted on, however fast the machine is.
 */
export async function hold(page: Page, type: keyof typeof HELD, from = 1): Promise<Held> {
  await page.evaluate(
    ({ type, method, from }) => {
      type Method = (...given: unknown[]) => Promise<unknown>;
      const { prototype } = (globalThis as unknown as Record<string, { prototype: Record<string, Method> }>)[type];
      const call = prototype[method];
      let calls = 0;
      const gate = new Promise<void>((release) => {
        Object.assign(globalThis, { release, begun: false });
      });
      prototype[method] = async function (...given) {
        if (++calls >= from) {
          Object.assign(globalThis, { begun: true });
          await gate;
        }
        return call.apply(this, given);
      };
    },
    { type, method: HELD[type], from },
  );
  return {
    begun: () => page.waitForFunction(() => (globalThis as unknown as { begun: boolean }).begun),
    release: () => page.evaluate(() => (globalThis as unknown as { release: () => void }).release()),
  };
}

/** What can be scrolled sideways on a phone: the page, or anything in it. The window gets its size back. */
export async function sidewaysOnPhone(page: Page): Promise<string[]> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  const found = await page.evaluate(() =>
    Array.from(document.querySelectorAll("html, body *"))
      .filter((element) => {
        const scrolls = element.localName === "html" || /auto|scroll/.test(getComputedStyle(element).overflowX);
        return scrolls && element.scrollWidth > element.clientWidth;
      })
      .map(({ localName, id, className }) => `${localName}#${id}.${className}`),
  );
  if (before) await page.setViewportSize(before);
  return found;
}
