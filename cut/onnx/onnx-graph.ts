// Writes graphs in the Open Neural Network Exchange format (https://onnx.ai): nodes are added one after the other, each
// by the names of its inputs, and the whole is one file. cut/onnx/generator-graph.ts builds a generator's graph.
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { float16Weights } from "./float16.js";

/** The version of the operators, which onnxruntime 1.12 and later read, and of the matching file format. */
const OPSET = 17;
const IR_VERSION = 8n;
/** Operators of a later version, in which the others of ours are unchanged; 18 needs onnxruntime 1.14. */
const LATER: Readonly<Record<string, number>> = { BitwiseXor: 18 };

/** The name of a tensor in the graph. */
export type Value = string;

/** An integer becomes an int, another number a float, a list of integers ints, and text a string. */
export type Attribute = number | readonly number[] | string;

/** An input or an output of a graph: its element type, and its axes by name or by length. */
export interface Port {
  name: string;
  type: "FLOAT" | "UINT8";
  axes: readonly (string | number)[];
}

/**
 * A graph under construction. `halfWeights` stores weights as float16, which halves the file; they are widened when it
 * is loaded, and the arithmetic is float32.
 */
export class OnnxGraph {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #halfWeights: boolean;

  constructor({ halfWeights = false }: { halfWeights?: boolean } = {}) {
    this.#halfWeights = halfWeights;
  }

  /** The same numbers in another type. */
  cast(value: Value, type: keyof typeof TensorProto_DataType): Value {
    return this.add("Cast", [value], { to: TensorProto_DataType[type] });
  }

  /** Adds a node and returns the name of its one output. */
  add(opType: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const output = `${opType}_${this.#nodes.length}`;
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType,
        name: output,
        input: [...inputs],
        output: [output],
        attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
      }),
    );
    return output;
  }

  /** Float weights under a name of their own. */
  weight(name: string, shape: readonly number[], values: Float32Array): Value {
    if (!this.#halfWeights) return this.#initializer(name, TensorProto_DataType.FLOAT, shape, values);
    const half = this.#initializer(`${name}.f16`, TensorProto_DataType.FLOAT16, shape, float16Weights(values));
    return this.cast(half, "FLOAT");
  }

  /** Integers, such as sizes and axes: a list, or a scalar. */
  int64(values: number | readonly number[]): Value {
    const list = typeof values === "number" ? [values] : values;
    const name = typeof values === "number" ? `int_${values}` : `ints_${values.join("_")}`;
    const data = BigInt64Array.from(list, BigInt);
    return this.#once(name, TensorProto_DataType.INT64, typeof values === "number" ? [] : [list.length], data);
  }

  /** A scalar integer from 0 to below 2^32, as shifts and bitwise operators take it. */
  uint32(value: number): Value {
    return this.#once(`uint_${value}`, TensorProto_DataType.UINT32, [], Uint32Array.of(value));
  }

  /** A scalar float. */
  float(value: number): Value {
    return this.#once(`float_${value}`, TensorProto_DataType.FLOAT, [], Float32Array.of(value));
  }

  /** The same float for each of `count` channels. */
  channels(value: number, count: number): Value {
    return this.#once(
      `channels_${value}_${count}`,
      TensorProto_DataType.FLOAT,
      [count],
      new Float32Array(count).fill(value),
    );
  }

  /** The bytes of the file. The output port gives the value `result`. */
  serialize(
    input: Port,
    output: Port,
    result: Value,
    about: Readonly<Record<string, string>>,
  ): Uint8Array<ArrayBuffer> {
    this.#nodes.push(
      create(NodeProtoSchema, { opType: "Identity", name: output.name, input: [result], output: [output.name] }),
    );
    const opset = Math.max(...this.#nodes.map(({ opType }) => LATER[opType] ?? OPSET));
    const model = create(ModelProtoSchema, {
      irVersion: IR_VERSION,
      opsetImport: [{ domain: "", version: BigInt(opset) }],
      producerName: "cutgpu",
      graph: {
        name: "generator",
        node: this.#nodes,
        initializer: this.#initializers,
        input: [port(input)],
        output: [port(output)],
      },
      metadataProps: Object.entries(about).map(([key, value]) => ({ key, value })),
    });
    return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
  }

  /** A constant that is stored once, however often it is asked for. */
  #once(name: string, type: TensorProto_DataType, shape: readonly number[], values: ArrayBufferView): Value {
    const known = this.#constants.get(name) ?? this.#initializer(name, type, shape, values);
    this.#constants.set(name, known);
    return known;
  }

  #initializer(name: string, dataType: TensorProto_DataType, shape: readonly number[], values: ArrayBufferView): Value {
    const rawData = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    this.#initializers.push(create(TensorProtoSchema, { name, dataType, dims: shape.map(BigInt), rawData }));
    return name;
  }
}

/** The same padding at the start and the end of both axes. */
export const sides = (padding: number): number[] => [padding, padding, padding, padding];

function attribute(name: string, value: Attribute): AttributeProto {
  const { FLOAT, INT, INTS, STRING } = AttributeProto_AttributeType;
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: STRING, s: new TextEncoder().encode(value) });
  if (typeof value !== "number") return create(AttributeProtoSchema, { name, type: INTS, ints: value.map(BigInt) });
  if (Number.isInteger(value)) return create(AttributeProtoSchema, { name, type: INT, i: BigInt(value) });
  return create(AttributeProtoSchema, { name, type: FLOAT, f: value });
}

function port({ name, type, axes }: Port): ValueInfoProto {
  const dim = axes.map((axis) => ({
    value:
      typeof axis === "string"
        ? { case: "dimParam" as const, value: axis }
        : { case: "dimValue" as const, value: BigInt(axis) },
  }));
  const tensor = { elemType: TensorProto_DataType[type], shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: tensor } } });
}
