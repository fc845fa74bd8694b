;; Function indices in segments of every form move; offsets and tables stay.
(module
  (import "host" "tell" (func $tell))
  (table $a 4 funcref)
  (table $b 4 funcref)
  (func $f)
  (elem (i32.const 0) $f $tell)
  (elem (table $b) (i32.const 1) func $f)
  (elem $passive func $f $f)
  (elem (i32.const 2) funcref (ref.func $f) (ref.null func))
  (elem declare func $f)
  (func (export "run") ref.func $f drop i32.const 0 i32.const 0 i32.const 2 table.init $b $passive))
