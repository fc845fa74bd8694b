import { describe, expect, it } from 'vitest';
import { readScript } from './script.ts';
import { ScriptError, headOf, readExpressions, utf8 } from './sexpr.ts';

const script = (text: string): ReturnType<typeof readScript> => readScript(Buffer.from(text));
const sourceText = (text: string): string => {
  const [command] = script(text);
  return command !== undefined && 'source' in command ? Buffer.from(command.source.bytes).toString() : '';
};

describe('expressions', () => {
  it('nest, and know their lines and bytes', () => {
    const [list] = readExpressions('\n(a (b "c") d)');
    expect(list).toMatchObject({ kind: 'list', line: 2, start: 1, end: 14, items: { length: 3 } });
    expect(headOf(list)).toBe('a');
  });

  it('are read past comments of both kinds, nested and with quotes, and past annotations', () => {
    const nodes = readExpressions(';; one "\n(; two (; three ;) " ;) (a (;;) b (@note , ; "x" (y)) c) ;; end');
    expect(nodes).toHaveLength(1);
    expect(nodes[0]).toMatchObject({ items: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] });
  });

  it('decode every escape of strings', () => {
    const [node] = readExpressions(String.raw`"a\00\ff\t\n\r\"\'\\\u{20ac}"`);
    const bytes = node?.kind === 'string' ? [...node.bytes] : [];
    expect(bytes).toEqual([97, 0, 255, 9, 10, 13, 34, 39, 92, 0xe2, 0x82, 0xac]);
  });

  it('take identifiers that are quoted', () => {
    expect(readExpressions('$"an id"')).toMatchObject([{ kind: 'atom', text: '$an id' }]);
  });

  it.each(['(a', 'a)', '"open', '(; open (; ;)', String.raw`"\q"`])('refuse %s with a line', (text) => {
    expect(() => readExpressions(`\n${text}`)).toThrow(ScriptError);
    expect(() => readExpressions(`\n${text}`)).toThrow(/^line 2: /);
  });

  it('nest as deep as a script likes', () => {
    expect(readExpressions('('.repeat(50_000) + ')'.repeat(50_000))).toHaveLength(1);
  });

  it('give names in UTF-8', () => {
    expect(utf8(Uint8Array.of(0xe2, 0x82, 0xac))).toBe('€');
  });
});

describe('a script', () => {
  it('knows every command', () => {
    const commands = script(`
      (module $a (func)) (module definition $d (func)) (module instance $i $d) (register "r" $a) (invoke "f") (get $a "g")
      (assert_return (invoke $a "f" (i32.const 1)) (i32.const 2)) (assert_trap (invoke "f") "no") (assert_trap (module) "no")
      (assert_exhaustion (invoke "f") "deep") (assert_exception (invoke "f")) (assert_malformed (module binary "") "short")
      (assert_invalid (module (func (result i32))) "types") (assert_unlinkable (module) "unknown")
      (assert_uninstantiable (module) "trap") (assert_malformed_custom (module quote "") "custom") (thread $t)`);
    expect(commands.map(({ kind }) => kind).join(' ')).toBe(
      'module definition instance register action action returns fails uninstantiable ' +
        'fails fails refused refused unlinkable uninstantiable inapplicable unknown',
    );
    expect(commands[4]).toMatchObject({ action: { kind: 'invoke', module: null, name: 'f' }, line: 2 });
    expect(commands[6]).toMatchObject({ action: { module: '$a', args: { length: 1 } }, expected: { length: 1 } });
  });

  it('gives the text of modules as it stands, without identifier and `definition`', () => {
    expect(sourceText('(module definition $m (func) (;c;) (memory 1))')).toBe('(module (func) (;c;) (memory 1))');
    expect(sourceText('(module)')).toBe('(module )');
  });

  it('joins the strings of binary and quoted modules', () => {
    expect(sourceText(String.raw`(module $m binary "\00a" "sm")`)).toBe('\0asm');
    expect(sourceText('(module quote "(func" ")")')).toBe('(func ) ');
  });

  it('of bare fields is one module', () => {
    expect(script('(func) (memory 1)')).toMatchObject([{ kind: 'module', source: { form: 'text' } }]);
  });

  it('keeps both ends of a long command', () => {
    const [command] = script(`(assert_invalid (module (func ${'nop '.repeat(200)})) "the message")`);
    expect(command?.text).toMatch(/^\(assert_invalid \(module .* … .*"the message"\)$/);
  });

  it('turns the NaN assertions of old suites into results', () => {
    expect(script('(assert_return_canonical_nan (invoke "f"))')).toMatchObject([{ kind: 'returns' }]);
  });

  it.each(['word', '(register $a)', '(invoke f)', '(assert_return (module))', '(assert_invalid "text")'])(
    'is refused for %s',
    (text) => expect(() => script(text)).toThrow(ScriptError),
  );
});
