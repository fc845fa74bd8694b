;; The start function is checked like any other.
(module
  (func $init (local i32)
    loop local.get 0 i32.const 1 i32.add local.tee 0 i32.const 1000 i32.lt_u br_if 0 end)
  (start $init))
