;; Data segments are copied as they are, active and passive.
(module
  (memory (export "memory") 1)
  (data (i32.const 8) "active")
  (data (i32.add (i32.const 8) (i32.const 16)) "a sum")
  (data $p "passive")
  (func (export "run") i32.const 64 i32.const 0 i32.const 7 memory.init $p))
