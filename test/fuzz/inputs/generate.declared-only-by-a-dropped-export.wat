;; The function that ref.func names is declared by nothing but an export that the output drops.
(module
  (global $fuel (mut i32) (i32.const 0))
  (func (export "fuel") (param i32) local.get 0 global.set $fuel)
  (func $f (export "dropped"))
  (func (export "f0") (result i32) ref.func $f ref.is_null))
