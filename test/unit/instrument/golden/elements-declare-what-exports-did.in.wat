;; @exports run
;; A function that only a dropped export declared gets a segment of its own, after all others.
(module
  (table 2 funcref)
  (elem $passive func $run)
  (func $f (export "dropped"))
  (func $run (export "run") ref.func $f drop i32.const 0 i32.const 0 i32.const 1 table.init $passive))
