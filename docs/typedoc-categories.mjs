// A plugin of typedoc: groups the API reference by what things are for, which it takes from the folder of the source
// that declares them. The first pattern that fits decides.
import { Comment, CommentTag, Converter, ReflectionKind } from "typedoc";

const categories = [
  ["Tensors", /engine\/core\/(tensor|elements|shapes|reshape)\.ts$|engine\/(random|initialization|chained)\.ts$/],
  ["Gradients", /engine\/core\/(autograd|tape)\.ts$/],
  ["Optimizers", /engine\/optimizers\//],
  ["Pictures", /engine\/operators\/pictures\//],
  ["Operators: $1", /engine\/operators\/([\w-]+)\//],
  ["Programs", /engine\/program\//],
  ["Custom kernels", /engine\/(core\/operator|device\/(kernel[\w-]*|wgsl-names))\.ts$/],
  ["Errors", /engine\/core\/errors\.ts$/],
  ["Formats", /engine\/formats\//],
  ["Tuning", /engine\/tuning\//],
  ["Device and memory", /engine\/(device|core)\//],
  ["Methods", /cut\/methods\//],
  ["Training", /cut\/(training|options|report)\//],
  ["Networks", /cut\/networks\//],
  ["Translation", /cut\/(translation|inspection)\//],
  ["Evaluation", /cut\/evaluation\//],
  ["Data", /cut\/data\//],
];

function categoryOf(file) {
  for (const [name, pattern] of categories) {
    const found = file.match(pattern);
    if (found) return name.replace("$1", found[1]);
  }
  return "Other";
}

export function load({ converter }) {
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.parent?.kindOf(ReflectionKind.Module | ReflectionKind.Project)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    if (!file) return;
    const category = new CommentTag("@category", [{ kind: "text", text: categoryOf(file.replaceAll("\\", "/")) }]);
    // A function's comment is that of its signature, which comes later.
    reflection.comment ??= new Comment();
    reflection.comment.blockTags.push(category);
  });
}
