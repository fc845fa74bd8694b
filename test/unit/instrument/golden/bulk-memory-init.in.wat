;; memory.init is checked before; data.drop needs nothing.
(module
  (memory (export "memory") 1)
  (data $d "0123456789")
  (func (export "run") (param i32)
    i32.const 0 i32.const 0 local.get 0 memory.init $d
    data.drop $d))
