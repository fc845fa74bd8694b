/** Scripts of our own that between them use every command, every kind of value and every feature that Kerb takes. */

/** By what they show. Each must pass in all three worlds. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  'numbers of every type and their bits': `(module
      (func (export "i32") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
      (func (export "i64") (param i64) (result i64) (i64.rotl (local.get 0) (i64.const 1)))
      (func (export "f32") (param f32) (result f32) (f32.neg (local.get 0)))
      (func (export "f64") (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
      (func (export "many") (result i32 f32 i64) i32.const 1 f32.const 2 i64.const 3))
    (assert_return (invoke "i32" (i32.const -2)) (i32.const -6))
    (assert_return (invoke "i64" (i64.const 0x8000_0000_0000_0000)) (i64.const 1))
    (assert_return (invoke "f32" (f32.const nan:0x1)) (f32.const -nan:0x1))
    (assert_return (invoke "f64" (f64.const 0) (f64.const 0)) (f64.const nan:canonical))
    (assert_return (invoke "f64" (f64.const nan:0x8000000000001) (f64.const 0)) (f64.const nan:arithmetic))
    (assert_return_canonical_nan (invoke "f64" (f64.const -inf) (f64.const inf)))
    (assert_return (invoke "many") (i32.const 1) (f32.const 2) (i64.const 3))`,

  'vectors, also relaxed ones': `(module
      (func (export "add") (param v128 v128) (result v128) (f32x4.add (local.get 0) (local.get 1)))
      (func (export "swizzle") (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))
    (assert_return (invoke "add" (v128.const f32x4 1 inf 0 -0) (v128.const f32x4 2 -inf 1 -0))
      (v128.const f32x4 3 nan:canonical 1 -0))
    (assert_return (invoke "swizzle" (v128.const i32x4 1 2 3 4) (v128.const i8x16 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 99))
      (either (v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0) (v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1)))`,

  references: `(module
      (table $t 4 externref) (elem declare func $f) (global $g (export "g") funcref (ref.func $f)) (func $f)
      (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))
      (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
      (func (export "func") (result funcref) (ref.func $f))
      (func (export "exn") (param exnref) (result exnref) (local.get 0))
      (func (export "size") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0))))
    (invoke "set" (i32.const 1) (ref.extern 5))
    (assert_return (invoke "get" (i32.const 1)) (ref.extern 5))
    (assert_return (invoke "get" (i32.const 1)) (ref.extern))
    (assert_return (invoke "get" (i32.const 2)) (ref.null extern))
    (assert_return (invoke "get" (i32.const 2)) (ref.null))
    (assert_return (invoke "func") (ref.func)) (assert_return (get "g") (ref.func))
    (assert_return (invoke "exn" (ref.null exn)) (ref.null exn))
    (assert_return (invoke "size" (i32.const 3)) (i32.const 4))
    (assert_trap (invoke "get" (i32.const 7)) "out of bounds table access")`,

  globals: `(module $m
      (global (export "const") i32 (i32.add (i32.const 40) (i32.const 2))) (global $v (export "v") (mut f64) (f64.const nan:0x1))
      (func (export "set") (param f64) (global.set $v (local.get 0))))
    (assert_return (get "const") (i32.const 42))
    (assert_return (get $m "v") (f64.const nan:0x1))
    (invoke $m "set" (f64.const -0))
    (assert_return (get "v") (f64.const -0))`,

  'memory, bulk operations and growth': `(module
      (memory (export "m") 1 3) (data (i32.const 4) "\\01\\02\\03") (data $d "passive")
      (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
      (func (export "bulk") (memory.init $d (i32.const 16) (i32.const 0) (i32.const 7)) (data.drop $d)
        (memory.copy (i32.const 100) (i32.const 16) (i32.const 7)) (memory.fill (i32.const 200) (i32.const 7) (i32.const 9)))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
    (assert_return (invoke "load" (i32.const 6)) (i32.const 3))
    (invoke "bulk")
    (assert_return (invoke "load" (i32.const 106)) (i32.const 101))
    (assert_return (invoke "load" (i32.const 208)) (i32.const 7))
    (assert_trap (invoke "bulk") "out of bounds memory access")
    (assert_return (invoke "grow" (i32.const 2)) (i32.const 1))
    (assert_return (invoke "grow" (i32.const 1)) (i32.const -1))
    (assert_trap (module (memory 1) (data (i32.const 65536) "x")) "out of bounds memory access")`,

  'loops, recursion and indirect calls': `(module
      (type $t (func (param i64) (result i64))) (table funcref (elem $fac $sum))
      (func $fac (export "fac") (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
        (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))
      (func $sum (param i64) (result i64) (local i64) (loop (local.set 1 (i64.add (local.get 1) (local.get 0)))
        (br_if 0 (i32.wrap_i64 (local.tee 0 (i64.sub (local.get 0) (i64.const 1)))))) (local.get 1))
      (func (export "any") (param i32 i64) (result i64) (call_indirect (type $t) (local.get 1) (local.get 0)))
      (func $deep (export "deep") (call $deep)))
    (assert_return (invoke "fac" (i64.const 20)) (i64.const 2432902008176640000))
    ${'(assert_return (invoke "any" (i32.const 1) (i64.const 1000)) (i64.const 500500))'.repeat(4)}
    (assert_trap (invoke "any" (i32.const 2) (i64.const 1)) "undefined element")
    (assert_exhaustion (invoke "deep") "call stack exhausted")`,

  'tail calls': `(module
      (func $even (export "even") (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
        (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
      (func $odd (param i32) (result i32) (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
        (return_call $even (i32.sub (local.get 0) (i32.const 1)))))
    (assert_return (invoke "even" (i32.const 100001)) (i32.const 0))`,

  exceptions: `(module
      (tag $e (param i32)) (func $throw (export "throw") (param i32) (throw $e (local.get 0)))
      (func (export "catch") (param i32) (result i32)
        (block (result i32) (try_table (catch $e 0) (call $throw (local.get 0))) (i32.const 0))))
    (assert_exception (invoke "throw" (i32.const 1)))
    (assert_return (invoke "catch" (i32.const 7)) (i32.const 7))`,

  'legacy exceptions': `(module
      (tag $e (param i32)) (func $throw (param i32) (throw $e (local.get 0)))
      (func (export "catch") (param i32) (result i32)
        try (result i32) local.get 0 call $throw i32.const 0 catch $e i32.const 1 i32.add end)
      (func (export "rethrow") (param i32) try local.get 0 call $throw catch_all rethrow 0 end))
    (assert_return (invoke "catch" (i32.const 7)) (i32.const 8))
    (assert_exception (invoke "rethrow" (i32.const 1)))`,

  'start functions and printing': `(module (import "spectest" "print_f64_f64" (func $p (param f64 f64)))
      (global $g (export "g") (mut i32) (i32.const 0)) (start $s)
      (func $s (global.set $g (i32.const 3)) (call $p (f64.const nan:0x1) (f64.const 2))))
    (assert_return (get "g") (i32.const 3))
    (assert_trap (module (start 0) (func unreachable)) "unreachable")
    (assert_uninstantiable (module (start 0) (func unreachable)) "unreachable")`,

  'modules that import from each other': `(module $a (global $n (mut i32) (i32.const 0)) (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
    (register "a" $a) (register "alias" $a)
    (module $b (import "a" "next" (func $x (result i32))) (import "alias" "next" (func $y (result i32)))
      (func (export "twice") (result i32) (i32.add (call $x) (call $y))))
    (assert_return (invoke $b "twice") (i32.const 3))
    (assert_return (invoke $a "next") (i32.const 3))
    (assert_unlinkable (module (import "a" "nothing" (func))) "unknown import")
    (assert_unlinkable (module (import "a" "next" (func (result i64)))) "incompatible import type")
    (assert_unlinkable (module (import "spectest" "print_i32" (func (param i64)))) "incompatible import type")`,

  'definitions and their instances': `(module definition $d (global $n (mut i32) (i32.const 0)) (func (export "next") (result i32)
        (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
    (module instance $one $d) (module instance $two $d)
    (assert_return (invoke $one "next") (i32.const 1)) (assert_return (invoke $one "next") (i32.const 2))
    (assert_return (invoke $two "next") (i32.const 1))`,

  'modules that must be refused': `(module binary "\\00asm" "\\01\\00\\00\\00")
    (assert_malformed (module binary "\\00asm" "\\02\\00\\00\\00") "unknown binary version")
    (assert_malformed (module binary "\\00asm" "\\01\\00\\00\\00" "\\ff\\00") "malformed section id")
    (assert_invalid (module (func (result i32))) "type mismatch")
    (assert_invalid (module (func (call 7))) "unknown function")
    (assert_invalid (module quote "(func (drop))") "type mismatch")`,
};
