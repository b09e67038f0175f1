// Which of a visitor's files are pictures: those that the command would list.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { picturesAmong } from "../../../cut/web/picture-files.js";

const file = new File([], "");
const among = (...paths: string[]) => picturesAmong(paths.map((path) => ({ path, file }))).map(({ path }) => path);

test("pictures in code-unit order, and nothing hidden", () => {
  const hidden = ["set/._a.png", "._b.png", "set/.thumbnails/c.png", ".d.jpg"];
  assert.equal(among("set/b.PNG", "set/a.png", "set/notes.txt", ...hidden), ["set/a.png", "set/b.PNG"]);
  // What is chosen by itself is meant.
  assert.equal(among("._b.png"), ["._b.png"]);
  assert.equal(among(".set/a.png", ".set/b.png"), [".set/a.png", ".set/b.png"]);
  assert.throws(() => among("set/._a.png", "set/.DS_Store"), /no picture among the 2 files/);
});

test.run();
