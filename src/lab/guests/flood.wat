;; Hostile: logs a kilobyte, over and over.
(module
  (import "http_handler" "log" (func $log (param $level i32) (param $message i32) (param $message_len i32)))
  (memory (export "memory") 1 1)
  (func (export "handle_request") (result i64)
    (memory.fill (i32.const 0) (i32.const 120) (i32.const 1024))
    (loop $again
      (call $log (i32.const 0) (i32.const 0) (i32.const 1024))
      (br $again))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
