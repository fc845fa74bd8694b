;; A start function that is exported too keeps both names.
(module
  (memory 1)
  (func $init (export "init") i32.const 0 i32.const 1 i32.store)
  (start $init))
