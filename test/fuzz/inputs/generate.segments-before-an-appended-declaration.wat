;; A declaration is appended for $b: the passive segment before it keeps its index.
(module
  (global $fuel (mut i32) (i32.const 0))
  (func (export "fuel") (param i32) local.get 0 global.set $fuel)
  (table 2 funcref)
  (elem (i32.const 0) $a)
  (elem $passive func $b)
  (func $a (result i32) i32.const 1)
  (func $b (export "dropped") (result i32) i32.const 2)
  (func (export "f0") (result i32)
    i32.const 1 i32.const 0 i32.const 1 table.init $passive
    ref.func $b drop
    i32.const 0 call_indirect (result i32)
    i32.const 1 call_indirect (result i32)
    i32.add))
