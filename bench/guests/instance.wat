;; Answers "hello, world" from an instance as new, and leaves marks on it: traps when it finds those of another request.
(module
  (import "http_handler" "write_body" (func $write_body (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $served (mut i32) (i32.const 0))
  (data (i32.const 1024) "hello, world")
  ;; The word of the last page that is furthest from the data.
  (func $last (result i32) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
  (func (export "handle_request") (result i64)
    (if (i32.or (global.get $served) (i32.or (i32.load (i32.const 4096)) (i32.load (call $last)))) (then unreachable))
    (global.set $served (i32.const 1))
    (i32.store (i32.const 4096) (i32.const 1))
    (i32.store (call $last) (i32.const 1))
    (call $write_body (i32.const 1) (i32.const 1024) (i32.const 12))
    (i32.store8 (i32.const 1024) (i32.const 72))
    (i64.const 0))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
