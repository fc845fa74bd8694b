/** Random programs for differential tests: structured, seeded, and ending on their own because every loop and call burns fuel. */

/** A small deterministic generator of numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }

  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

const FUNCTIONS = 5;
const MAX_DEPTH = 5;
const BURN = `global.get $fuel i32.eqz if local.get 0 return end global.get $fuel i32.const 1 i32.sub global.set $fuel`;

/**
 * The text of a module with exports f0 … f4, all `(i32) -> i32`, `fuel: (i32) -> ()` and `hash: () -> i32` over its memory. Loops of all shapes,
 * branches of all kinds, direct, indirect and tail calls, both generations of exceptions, bulk operations.
 */
export function program(seed: number): string {
  const random = new Random(seed);
  const functions = Array.from({ length: FUNCTIONS }, (_, index) =>
    functionText(random, index, seed % 2 === 0 ? 'legacy' : 'current'),
  );
  return `(module
    (type $t (func (param i32) (result i32)))
    (type $p (func (param i32 i32) (result i32)))
    (memory (export "memory") 1 4) (table 8 funcref) (tag $e (param i32))
    (elem (i32.const 0) $f0 $f1 $f2 $f3 $f4) (elem declare func $f1)
    (global $fuel (mut i32) (i32.const 0))
    (func (export "fuel") (param i32) local.get 0 global.set $fuel)
    (func (export "hash") (result i32) (local i32 i32)
      loop local.get 0 i32.const 31 i32.mul local.get 1 i32.load8_u i32.add local.set 0
        local.get 1 i32.const 1 i32.add local.tee 1 i32.const 4096 i32.lt_u br_if 0 end local.get 0)
    ${functions.join('\n')})`;
}

function functionText(random: Random, index: number, exceptions: Exceptions): string {
  const body = new Body(random, exceptions);
  return `(func $f${index} (export "f${index}") (param i32) (result i32) (local i32 i32 i32)
    ${BURN} ${body.statements(MAX_DEPTH, 0)} ${body.value()})`;
}

/** V8 refuses modules that mix both generations. */
type Exceptions = 'legacy' | 'current';

/** Writes statements; `labels` is the number of open void blocks around. */
class Body {
  readonly #random: Random;
  readonly #legacy: boolean;

  constructor(random: Random, exceptions: Exceptions) {
    this.#random = random;
    this.#legacy = exceptions === 'legacy';
  }

  statements(depth: number, labels: number): string {
    return Array.from({ length: 1 + this.#random.below(4) }, () => this.#statement(depth, labels)).join(' ');
  }

  /** An i32 expression. */
  value(): string {
    const local = this.#random.below(4);
    return this.#random.pick([
      `local.get ${local}`,
      `i32.const ${this.#random.below(300) - 100}`,
      `local.get ${local} local.get 0 i32.xor`,
      `local.get ${local} i32.const ${1 + this.#random.below(9)} i32.rem_u`,
      `local.get ${local} i32.const 1023 i32.and i32.load`,
      `local.get 0 i32.const 3 i32.mul i32.const ${local} i32.add`,
    ]);
  }

  #statement(depth: number, labels: number): string {
    const shallow = depth === 0 ? 8 : 22;
    switch (this.#random.below(shallow)) {
      case 0:
        return `${this.value()} local.set ${this.#random.below(4)}`;
      case 1:
        return `${this.value()} i32.const 1023 i32.and ${this.value()} i32.store`;
      case 2:
        return `${this.value()} ${labels === 0 ? 'drop' : `br_if ${this.#random.below(labels)}`}`;
      case 3:
        return `${this.value()} call $f${this.#random.below(FUNCTIONS)} local.set ${this.#random.below(4)}`;
      case 4:
        return `${this.value()} ${this.value()} i32.const 7 i32.and call_indirect (type $t) local.set ${this.#random.below(4)}`;
      case 5:
        return `${this.value()} i32.const 2047 i32.and ${this.value()} ${this.value()} i32.const 511 i32.and memory.fill`;
      case 6:
        return `i32.const 64 local.get 0 i32.const 255 i32.and i32.const 40 memory.copy`;
      case 7:
        return `${this.value()} i32.const 3 i32.and memory.grow drop memory.size local.set 1`;
      default:
        return this.#compound(depth - 1, labels);
    }
  }

  #compound(depth: number, labels: number): string {
    const inner = (): string => this.statements(depth, labels + 1);
    switch (this.#random.below(15)) {
      case 0:
        return `block ${inner()} end`;
      case 1:
        return `${this.value()} if ${inner()} else ${inner()} end`;
      case 2:
        return `${this.value()} if ${inner()} end`;
      case 3:
      case 4:
        return `loop ${BURN} ${inner()} ${this.value()} br_if 0 end`;
      case 5:
      case 6:
        return this.#counted(labels);
      case 7:
        return `loop (result i32) ${BURN} ${inner()} ${this.value()} ${this.value()} i32.const 1 i32.and if (param i32) (result i32) drop br 1 end end local.set 2`;
      case 8:
        return `${this.value()} ${this.value()} loop (type $p) ${BURN} i32.add local.tee 1 ${this.value()} i32.const 1 i32.and if (param i32) (result i32) i32.const 5 br 1 end end local.set 2`;
      case 9:
        return `block block ${this.value()} br_table ${this.#targets(labels + 2)} end ${this.statements(depth, labels + 1)} end`;
      case 10:
      case 11:
      case 12:
        return this.#legacy ? this.#legacyHandler(depth, labels) : this.#handler(depth, labels);
      case 13:
        return `${this.value()} i32.const 15 i32.and i32.eqz if ${this.value()} return_call $f${this.#random.below(FUNCTIONS)} end`;
      default:
        return `${this.value()} i32.const 15 i32.and i32.eqz if ${this.value()} throw $e end`;
    }
  }

  /** `try` with its clauses. */
  #legacyHandler(depth: number, labels: number): string {
    const inner = (): string => this.statements(depth, labels + 1);
    return this.#random.pick([
      () => `try ${inner()} ${this.value()} throw $e catch $e local.set 3 ${inner()} catch_all ${inner()} end`,
      () => `try ${inner()} catch_all ${inner()} end`,
      () =>
        `try try ${this.statements(depth, labels + 2)} ${this.value()} throw $e delegate 0 catch_all ${inner()} end`,
    ])();
  }

  /** `try_table`, whose handlers are labels: of a block with a result, and of a loop, which then goes round. */
  #handler(depth: number, labels: number): string {
    return this.#random.pick([
      () => `block try_table (catch_all 0) ${this.statements(depth, labels + 2)} ${this.value()} throw $e end end`,
      () => `loop ${BURN} block (result i32) try_table (catch $e 0) (catch_all 1)
        ${this.value()} call $f${this.#random.below(FUNCTIONS)} i32.const 3 i32.and if ${this.value()} throw $e end
        end ${this.value()} end local.tee 1 i32.const 1 i32.and br_if 0 end`,
    ])();
  }

  /** A small loop with a counter, of the kind that is unrolled or hoisted, with exits to outer blocks. */
  #counted(labels: number): string {
    const counter = 1 + this.#random.below(3);
    const count = 1 + this.#random.below(30);
    const work = Array.from({ length: this.#random.below(8) }, () => this.#work(counter, labels)).join(' ');
    const step = `local.get ${counter} i32.const 1 i32.sub local.tee ${counter}`;
    const repeat = this.#random.pick([
      `${step} br_if 0`,
      `${step} i32.eqz br_if 1 br 0`,
      `${step} i32.eqz if br 2 end br 0`,
    ]);
    return `i32.const ${count} local.set ${counter} block loop ${work} ${repeat} end end`;
  }

  #work(counter: number, labels: number): string {
    const other = counter === 3 ? 1 : counter + 1;
    return this.#random.pick([
      `local.get 0 local.get ${counter} i32.add local.set 0`,
      `local.get ${counter} i32.const 4 i32.shl local.get 0 i32.store`,
      `local.get 0 i32.const 77 i32.eq br_if ${1 + this.#random.below(labels + 1)}`,
      `local.get 0 i32.const 63 i32.and i32.const 61 i32.eq if local.get ${other} return end`,
      `block local.get 0 i32.const 3 i32.and br_table 0 0 ${2 + this.#random.below(labels + 1)} 0 end`,
      `local.get ${other} i32.const 5 i32.xor local.set ${other}`,
      `i32.const 8 i32.const 1 i32.const 16 memory.fill`,
    ]);
  }

  #targets(labels: number): string {
    return Array.from({ length: 1 + this.#random.below(4) }, () => this.#random.below(labels)).join(' ');
  }
}
