;; What is put into tables by instructions are references, which moved with the functions.
(module
  (table $t 3 9 funcref)
  (elem declare func $f)
  (func $f (result i32) i32.const 1)
  (func (export "run") (result i32)
    i32.const 2 ref.func $f table.set $t
    i32.const 2 call_indirect $t (result i32)))
