;; @pages 4
;; A memory that the guest keeps to itself is imported too, and not exported.
(module
  (memory 1)
  (func (export "run") i32.const 0 i32.const 7 i32.store8))
