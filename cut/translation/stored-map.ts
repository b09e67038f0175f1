// A feature map that is written and read tile by tile and need not be in memory: it lies in a scratch store of numbers.
// Every tile is one contiguous block, so a tile takes one write, and a window reads its own tile and rows of its
// neighbours.
import type { Size } from "../data/picture.js";
import { copyPlanes, intersection, type MapRegion, type Rectangle } from "./tiles.js";

/** Temporary storage for numbers, in memory or elsewhere. Positions are counted in numbers. */
export interface Scratch {
  read(position: number, into: Float32Array): void;
  write(position: number, numbers: Float32Array): void;
  /** Frees the storage. */
  close(): void;
}

export type OpenScratch = (numbers: number) => Scratch;

/** In memory. */
export function memoryScratch(numbers: number): Scratch {
  const all = new Float32Array(numbers);
  return {
    read: (position, into) => into.set(all.subarray(position, position + into.length)),
    write: (position, written) => all.set(written, position),
    close() {},
  };
}

/** A map's size: channels, sides, and the side of its tiles, in its own pixels. */
export interface MapLayout extends Size {
  channels: number;
  tile: number;
}

const blocksOf = ({ width, height, tile }: MapLayout) => Math.ceil(width / tile) * Math.ceil(height / tile);

/** How many numbers a map takes in a scratch store: tiles at the edges take as much as whole ones. */
export const storedNumbers = (layout: MapLayout): number => blocksOf(layout) * layout.channels * layout.tile ** 2;

export class StoredMap {
  readonly #layout: MapLayout;
  readonly #scratch: Scratch;
  readonly #start: number;
  readonly #block: Float32Array;

  /** The map that begins at a position of the store. */
  constructor(layout: MapLayout, scratch: Scratch, start: number) {
    this.#layout = layout;
    this.#scratch = scratch;
    this.#start = start;
    this.#block = new Float32Array(layout.channels * layout.tile ** 2);
  }

  /** A rectangle of the map as planes [channels, height, width]. */
  read(over: Rectangle): Float32Array {
    const { channels, tile } = this.#layout;
    const wanted: MapRegion = { over, data: new Float32Array(channels * over.width * over.height) };
    for (let top = tile * Math.floor(over.top / tile); top < over.top + over.height; top += tile) {
      for (let left = tile * Math.floor(over.left / tile); left < over.left + over.width; left += tile) {
        const block = { left, top, width: tile, height: tile };
        this.#readRows(block, intersection(block, over));
        copyPlanes({ over: block, data: this.#block }, wanted, channels);
      }
    }
    return wanted.data;
  }

  /** Writes the tile at a place, from planes that cover what the map has of it. */
  write({ left, top }: Rectangle, planes: MapRegion): void {
    const { channels, tile } = this.#layout;
    const block = { left, top, width: tile, height: tile };
    copyPlanes(planes, { over: block, data: this.#block }, channels);
    this.#scratch.write(this.#position(block), this.#block);
  }

  /** Fills the rows of a block that are wanted: all at once, or of each channel. */
  #readRows(block: Rectangle, { top, height }: Rectangle): void {
    const { channels, tile } = this.#layout;
    const position = this.#position(block);
    if (height === tile) {
      this.#scratch.read(position, this.#block);
      return;
    }
    for (let c = 0; c < channels; c++) {
      const row = (c * tile + top - block.top) * tile;
      this.#scratch.read(position + row, this.#block.subarray(row, row + height * tile));
    }
  }

  #position({ left, top }: Rectangle): number {
    const { channels, width, tile } = this.#layout;
    const block = (top / tile) * Math.ceil(width / tile) + left / tile;
    return this.#start + block * channels * tile ** 2;
  }
}
