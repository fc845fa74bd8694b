;; Hostile: calls the host for ever and computes nothing itself.
(module
  (import "http_handler" "get_method" (func $get_method (param $at i32) (param $limit i32) (result i32)))
  (memory (export "memory") 1 1)
  (func (export "handle_request") (result i64)
    (loop $again
      (drop (call $get_method (i32.const 64) (i32.const 64)))
      (br $again))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
