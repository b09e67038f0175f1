// From given options to the complete configuration of a training run, a new one or a resumed one.
import { optionConflicts } from "./conflicts.js";
import { presets } from "./presets.js";
import { checkOptions, completeOptions, describeOptions, OptionError, showValue, throwProblems } from "./schema.js";
import { type TrainOptions, trainSchema } from "./train-schema.js";

/**
 * A complete configuration: the given options, then the preset's defaults, then the defaults. Throws one `OptionError`
 * that names every unknown, missing or out-of-range option, or every conflict.
 */
export function resolveOptions(given: Record<string, unknown>): TrainOptions {
  const checked = checkOptions(trainSchema, given);
  const { model = "cut", CUT_mode = "CUT" } = checked;
  refuseOthers(checked, model);
  const options = completeOptions(trainSchema, { ...presets[model === "cut" ? CUT_mode : model], ...checked });
  throwProblems(optionConflicts(options));
  return options;
}

/** The defaults that `options` were completed with. */
export function defaultsOf({ dataroot, model, CUT_mode }: TrainOptions): TrainOptions {
  return resolveOptions(model === "cut" ? { dataroot, model, CUT_mode } : { dataroot, model });
}

/** Throws where an option that belongs only to other methods is given with a value other than its default. */
function refuseOthers(given: Record<string, unknown>, model: TrainOptions["model"]): void {
  throwProblems(
    describeOptions(trainSchema)
      .filter(({ name, of, default: fallback }) => {
        const value = given[name];
        return of && !of.includes(model) && value !== undefined && showValue(value) !== showValue(fallback);
      })
      .map(({ name, of }) => `--${name} belongs to --model ${of?.join(" or ")} and this is --model ${model}`),
  );
}

/**
 * The configuration of a resumed run: the stored one, overridden by the given options. `continue_train` is false in the
 * result, so that a resumed run saves the same configuration as an uninterrupted one. Throws an `OptionError` for given
 * options that cannot change once a run has begun.
 */
export function mergeForResume(stored: Record<string, unknown>, given: Record<string, unknown>): TrainOptions {
  const checked = checkOptions(trainSchema, given);
  const base = completeOptions(trainSchema, stored);
  for (const { name, fixed } of describeOptions(trainSchema)) {
    const before = showValue(base[name as keyof TrainOptions]);
    const now = showValue(checked[name as keyof TrainOptions] ?? base[name as keyof TrainOptions]);
    if (fixed && before !== now) {
      throw new OptionError(
        `this run was started with ${name} ${before} and cannot go on with ${name} ${now};`,
        `leave out --${name}, or start a new run under another --name.`,
      );
    }
  }
  refuseOthers(checked, base.model);
  if (checked.epoch_count !== undefined && checked.epoch_count !== base.epoch_count) {
    throw new OptionError("a run that is continued knows its epoch;", "leave out --epoch_count.");
  }
  if (typeof checked.pretrained_name === "string" && checked.pretrained_name !== base.pretrained_name) {
    throw new OptionError("a run that is continued has weights of its own;", "leave out --pretrained_name.");
  }
  const options: TrainOptions = { ...base, ...checked, continue_train: false };
  throwProblems(optionConflicts(options));
  return options;
}
