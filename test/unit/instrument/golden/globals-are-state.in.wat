;; Mutable globals of numbers are exported under names of the sandbox, so that an instance can be put back.
(module
  (global $a (mut i32) (i32.const 1))
  (global $b i32 (i32.const 2))
  (global $c (mut f64) (f64.const 3))
  (func (export "run") global.get $b global.set $a))
