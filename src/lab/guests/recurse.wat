;; Hostile: recursion without bottom. The stack ends before a CPU budget does.
(module
  (memory (export "memory") 1 1)
  (func $down (param $depth i64) (result i64)
    (i64.add (call $down (i64.add (local.get $depth) (i64.const 1))) (local.get $depth)))
  (func (export "handle_request") (result i64) (call $down (i64.const 0)))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
