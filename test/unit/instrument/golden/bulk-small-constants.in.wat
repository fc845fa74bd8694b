;; Under a kilobyte by a constant, the instruction stays as it is.
(module
  (memory (export "memory") 1)
  (data $d "0123456789")
  (func (export "run") (param i32)
    local.get 0 i32.const 0 i32.const 64 memory.fill
    local.get 0 i32.const 0 i32.const 1023 memory.copy
    local.get 0 i32.const 0 i32.const 10 memory.init $d
    local.get 0 i32.const 0 i32.const 1024 memory.fill))
