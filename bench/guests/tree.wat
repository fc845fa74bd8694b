;; Hostile: recursion 64 calls deep with two calls at each level: 2^64 calls, no loop, and never near the stack's end.
(module
  (memory (export "memory") 1 1)
  (func $branch (param $depth i32) (result i64)
    (if (result i64) (i32.eqz (local.get $depth))
      (then (i64.const 1))
      (else
        (i64.add
          (call $branch (i32.sub (local.get $depth) (i32.const 1)))
          (call $branch (i32.sub (local.get $depth) (i32.const 1)))))))
  (func (export "handle_request") (result i64) (call $branch (i32.const 64)))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
