// Writes docs/operators.md anew.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../support/command.js";
import { operatorList } from "./operator-list.js";

writeFileSync(join(projectFolder, "docs", "operators.md"), operatorList());
