// The project's own texts for the tests of its structure: which files there are, what they import, and what their
// comments say.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { projectFolder } from "./command.js";

/** A text file of the project by its path from the root. */
export interface Source {
  path: string;
  text: string;
  lines: readonly string[];
}

/** One import of a module: by its path from the root, or by the name of a package. */
export interface Import {
  from: string;
  to: string;
  line: number;
  /** Gone when types are stripped. */
  typeOnly: boolean;
}

/** Folders that hold no text of ours: packages, builds, data, other people's formats. */
const SKIPPED =
  /^(node_modules|dist|runs|\.git|docs\/api|bench\/peers\/node_modules|test\/goldens\/data|bench\/results)$/;
const SKIPPED_FILES = /(package-lock\.json|\.generated\.ts|shaders\/generated\.ts|bench\/report\.html|LICENSE)$/;
const TEXTS = /\.(ts|mjs|js|wgsl|css|html|md|json|yml)$|^\.ci\/run$/;

let cached: Source[] | undefined;

/** Every text file that people write. */
export function textFiles(): Source[] {
  cached ??= walk("").map((path) => {
    const text = readFileSync(join(projectFolder, path), "utf8");
    return { path, text, lines: text.split("\n") };
  });
  return cached;
}

function walk(folder: string): string[] {
  return readdirSync(join(projectFolder, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.test(path) ? [] : walk(path);
    return entry.isFile() && TEXTS.test(path) && !SKIPPED_FILES.test(path) ? [path] : [];
  });
}

/** The TypeScript of the source folders, without tests and examples. */
export const sourceFiles = (): Source[] =>
  textFiles().filter(({ path }) => /^(bin|bench|cut|engine|shaders)\/.*\.ts$/.test(path) && !path.endsWith(".d.ts"));

/** What a file imports, re-exports and loads lazily. */
export function importsOf({ path, text }: Source): Import[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: string, typeOnly: boolean) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    const to = specifier.startsWith(".") ? resolve(path, specifier) : specifier;
    found.push({ from: path, to, line: line + 1, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    const module = (node as ts.ImportDeclaration).moduleSpecifier;
    if (ts.isImportDeclaration(node) && module && ts.isStringLiteral(module)) {
      add(node, module.text, isTypeOnly(node.importClause?.isTypeOnly, node.importClause?.namedBindings, node));
    } else if (ts.isExportDeclaration(node) && module && ts.isStringLiteral(module)) {
      add(node, module.text, isTypeOnly(node.isTypeOnly, node.exportClause, node));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) add(node, argument.text, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      const { literal } = node.argument;
      if (ts.isStringLiteral(literal)) add(node, literal.text, true);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Whether all that an import or export names are types. */
function isTypeOnly(whole: boolean | undefined, bindings: ts.Node | undefined, node: ts.Node): boolean {
  if (whole) return true;
  if (ts.isImportDeclaration(node) && node.importClause?.name) return false;
  if (!bindings || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return false;
  return bindings.elements.length > 0 && [...bindings.elements].every((element) => element.isTypeOnly);
}

const resolve = (from: string, specifier: string) => posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");

/** Groups of files that import each other in a circle (strongly connected components, Tarjan 1972). */
export function cyclesOf(imports: readonly Import[]): string[][] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of imports) {
    if (!targets.has(from)) targets.set(from, new Set());
    targets.get(from)?.add(to);
  }
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    low.set(file, order.get(file) as number);
    stack.push(file);
    for (const target of targets.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file) as number, low.get(target) as number));
    }
    if (low.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1 || targets.get(file)?.has(file)) cycles.push(group.sort());
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

/** The comments of a source, or the prose of a document, line by line. */
export function commentsOf({ path, text, lines }: Source): { text: string; line: number }[] {
  if (path.endsWith(".md")) return lines.map((line, i) => ({ text: line, line: i + 1 }));
  if (/\.(wgsl|mjs|js)$/.test(path)) {
    return lines.flatMap((line, i) => {
      const comment = line.match(/(?:^|\s)\/\/(.*)/)?.[1] ?? line.match(/^\s*\/?\*+(.*)/)?.[1];
      return comment === undefined ? [] : [{ text: comment, line: i + 1 }];
    });
  }
  if (!path.endsWith(".ts")) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const ranges = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    const before = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    const after = ts.getTrailingCommentRanges(text, node.getEnd()) ?? [];
    for (const range of [...before, ...after]) ranges.set(range.pos, range);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...ranges.values()].flatMap(({ pos, end }) => {
    const { line } = file.getLineAndCharacterOfPosition(pos);
    return text
      .slice(pos, end)
      .split("\n")
      .map((part, i) => ({ text: part, line: line + 1 + i }));
  });
}
