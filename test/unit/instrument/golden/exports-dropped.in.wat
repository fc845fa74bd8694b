;; @exports run
;; Only the functions that are asked for and the memory stay exported.
(module
  (memory (export "memory") 1)
  (table (export "table") 1 funcref)
  (global (export "global") i32 (i32.const 0))
  (tag (export "tag"))
  (func (export "run"))
  (func (export "internal")))
