;; @pages 16
;; The memory becomes an import with the budget as its maximum, and the memory of the epoch word follows it.
(module
  (memory (export "memory") 2 100)
  (func (export "run") (result i32) i32.const 8 i32.load))
