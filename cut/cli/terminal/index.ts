// A small kit for programs of several commands on a terminal: options read by schemas (cut/options/schema.ts), help
// made from them, one line on stderr for each error, exit statuses that scripts can tell apart, and progress. The
// caller of `dispatch` says which commands there are. Code that runs in a browser too imports arguments.ts alone.
export { type Command, type CommandContext, type CommandEntry, type CommandList, defineCommand } from "./command.js";
export { type DispatchContext, dispatch } from "./dispatch.js";
export { describeFailure, exitStatus } from "./failure.js";
export { showOnTerminal } from "./graphics.js";
export { note, print, printError } from "./output.js";
export {
  formatSeconds,
  type Progress,
  type ProgressOptions,
  printAbove,
  startProgress,
  withProgress,
} from "./progress.js";
export { Interruption, outliveReader, stopOnSignals } from "./signals.js";
