// Files of figures replace earlier ones of their kind, and nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkResults, jsonText, writeResult } from "../../../cut/cli/result-files.js";
import { renderPage } from "../../../cut/report/page.js";
import { makePicture } from "../../support/command.js";
import { messageOf } from "../../support/gpu.js";

const test = suite("files of figures");
const folder = mkdtempSync(join(tmpdir(), "cutgpu-results-"));
test.after(() => rmSync(folder, { recursive: true }));

test("earlier figures and pages are replaced, and so are empty files", () => {
  const [json, report, empty] = ["a.json", "a.html", "empty"].map((name) => join(folder, name));
  writeResult(json, jsonText({ fid: 1 }));
  writeResult(report, renderPage({ kicker: "k", title: "t", style: "", body: "" }));
  writeFileSync(empty, "");
  checkResults(json, report, []);
  checkResults(empty, null, []);
  checkResults(null, empty, []);
});

test("files of another kind are refused and stay as they are", async () => {
  const [picture, text, json] = ["a.png", "notes.txt", "b.json"].map((name) => join(folder, name));
  await makePicture(picture);
  writeFileSync(text, "figures of May");
  writeResult(json, jsonText([1]));
  const before = readFileSync(picture);
  for (const path of [picture, text]) {
    const refusal = `OptionError: --json ${path} would write over a file of another kind; choose another place.`;
    assert.is(
      messageOf(() => checkResults(path, null, [])),
      refusal,
    );
  }
  for (const path of [picture, text, json]) {
    assert.match(
      messageOf(() => checkResults(null, path, [])),
      /--report .* would write over a file of another kind;/,
    );
  }
  assert.equal(readFileSync(picture), before);
});

test.run();
