;; Hostile: takes a page more, and touches it, until it gets none; then it fails.
(module
  (memory (export "memory") 1)
  (func (export "handle_request") (result i64)
    (local $page i32)
    (loop $more
      (local.set $page (memory.grow (i32.const 1)))
      (if (i32.eq (local.get $page) (i32.const -1)) (then (unreachable)))
      (i32.store (i32.shl (local.get $page) (i32.const 16)) (i32.const 1))
      (br $more))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
