;; memory.grow becomes a call of a helper that checks, and tells the host of a refusal.
(module
  (memory (export "memory") 1 4)
  (func (export "run") (param i32) (result i32) local.get 0 memory.grow memory.size i32.add))
