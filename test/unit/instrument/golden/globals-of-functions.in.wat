;; A function reference in a global moves, and so does an extended constant expression with one before it.
(module
  (func $f)
  (global funcref (ref.func $f))
  (global $base i32 (i32.const 100))
  (global i32 (i32.add (i32.const 4) (i32.mul (i32.const 2) (i32.const 3))))
  (func (export "run")))
