;; A try_table that catches into a loop goes round through the check of that loop.
(module
  (tag $e (param i32))
  (func $may-throw (param i32) local.get 0 if local.get 0 throw $e end)
  (func (export "run") (param i32) (result i32)
    block (result i32)
      try_table (catch $e 0) local.get 0 call $may-throw end
      i32.const 1
    end)
  (func (export "again") (param i32)
    loop
      try_table (catch_all 0) local.get 0 call $may-throw end
    end))
