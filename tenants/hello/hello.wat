;; The plainest http-wasm guest: it answers every request itself.
(module
  (import "http_handler" "set_header_value"
    (func $set_header_value (param $kind i32) (param $name i32) (param $name_len i32) (param $value i32) (param $value_len i32)))
  (import "http_handler" "write_body"
    (func $write_body (param $kind i32) (param $body i32) (param $body_len i32)))

  ;; One page, never more: nothing here allocates.
  (memory (export "memory") 1 1)

  (data (i32.const 16) "content-type")
  (data (i32.const 32) "text/plain; charset=utf-8")
  (data (i32.const 64) "Hello from wasm, in a sandbox of its own.\n")

  ;; Kind 1 is the response. The result's low bit ("next") is 0: the answer is complete.
  (func (export "handle_request") (result i64)
    (call $set_header_value (i32.const 1) (i32.const 16) (i32.const 12) (i32.const 32) (i32.const 25))
    (call $write_body (i32.const 1) (i32.const 64) (i32.const 42))
    (i64.const 0))

  ;; Only called after next = 1, but the ABI requires it.
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
