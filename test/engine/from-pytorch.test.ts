// docs/guides/from-pytorch.md against the code: what its table names is there, and of torch.nn.functional every
// function is either there or in the guide's list of what is not.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import * as engine from "../../engine/index.node.js";
import { projectFolder } from "../support/command.js";

const test = suite("from PyTorch");

const guide = readFileSync(join(projectFolder, "docs", "guides", "from-pytorch.md"), "utf8");
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
const rows = [...guide.matchAll(/^\| (.+) \| (.+) \|$/gm)].map(([, theirs, ours]) => [codes(theirs), codes(ours)]);
const list = guide.slice(guide.indexOf("Of torch.nn.functional"), guide.indexOf("Of tensors:"));
const missing = new Set(codes(list));
const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Its page in the documentation of PyTorch 2.9, but for what deals with several GPUs and for deprecated names. */
const FUNCTIONAL = `
  conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d unfold fold
  avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d max_unpool1d max_unpool2d max_unpool3d
  lp_pool1d lp_pool2d lp_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d
  adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d fractional_max_pool2d fractional_max_pool3d
  scaled_dot_product_attention
  threshold relu hardtanh hardswish relu6 elu selu celu leaky_relu prelu rrelu glu gelu logsigmoid hardshrink tanhshrink
  softsign softplus softmin softmax softshrink gumbel_softmax log_softmax tanh sigmoid hardsigmoid silu mish
  batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm normalize linear bilinear
  dropout alpha_dropout feature_alpha_dropout dropout1d dropout2d dropout3d embedding embedding_bag one_hot
  pairwise_distance cosine_similarity pdist
  binary_cross_entropy binary_cross_entropy_with_logits poisson_nll_loss cosine_embedding_loss cross_entropy ctc_loss
  gaussian_nll_loss hinge_embedding_loss kl_div l1_loss mse_loss margin_ranking_loss multilabel_margin_loss
  multilabel_soft_margin_loss multi_margin_loss nll_loss huber_loss smooth_l1_loss soft_margin_loss triplet_margin_loss
  triplet_margin_with_distance_loss
  pixel_shuffle pixel_unshuffle pad interpolate upsample grid_sample affine_grid
`
  .trim()
  .split(/\s+/);

test("every function of torch.nn.functional is there or said to be missing, and never both", () => {
  const renamed = new Map(rows.flatMap(([theirs, ours]) => theirs.map((name, i) => [name, ours[i]] as const)));
  for (const name of FUNCTIONAL) {
    const ours = renamed.get(`F.${name}`) ?? camelCase(name);
    assert.is(ours in engine, !missing.has(name), `${name}, which would be ${ours}`);
  }
  const unknown = [...missing].filter((name) => !FUNCTIONAL.includes(name));
  assert.equal(unknown, [], "the list has only names of torch.nn.functional");
});

test("what the table calls is there", () => {
  const own = [engine, engine.Tensor.prototype, engine.Gpu.prototype, engine.Adam.prototype];
  const called = rows.flatMap(([, ours]) => ours.flatMap((code) => code.match(/\w+(?=\()|^\w+$/g) ?? []));
  assert.ok(called.length > 25, `${called}`);
  for (const name of called)
    assert.ok(
      own.some((each) => name in each),
      name,
    );
});

test.run();
