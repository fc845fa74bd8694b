;; Fills and copies that may be long become calls of helpers, which do them in pieces with a check before each.
(module
  (memory (export "memory") 1)
  (func (export "fill") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.fill)
  (func (export "copy") (param i32 i32 i32) local.get 0 local.get 1 local.get 2 memory.copy))
