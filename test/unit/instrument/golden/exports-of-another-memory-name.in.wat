;; @exports run
;; A memory under another name than `memory` is not exported.
(module
  (memory (export "mem") 1)
  (func (export "run")))
