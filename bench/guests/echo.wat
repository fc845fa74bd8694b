;; Answers with the request's own body as JSON: read a piece, write a piece, until the body ends.
(module
  (import "http_handler" "read_body" (func $read_body (param $kind i32) (param $at i32) (param $limit i32) (result i64)))
  (import "http_handler" "write_body" (func $write_body (param $kind i32) (param $at i32) (param $length i32)))
  (import "http_handler" "set_header_value"
    (func $set_header_value (param $kind i32) (param $name i32) (param $name_len i32) (param $value i32) (param $value_len i32)))

  ;; One page: the two texts at 16, the piece from 4096 on.
  (memory (export "memory") 1 1)
  (data (i32.const 16) "content-type")
  (data (i32.const 32) "application/json")

  (func (export "handle_request") (result i64)
    (local $piece i64)
    (call $set_header_value (i32.const 1) (i32.const 16) (i32.const 12) (i32.const 32) (i32.const 16))
    (loop $next
      (local.set $piece (call $read_body (i32.const 0) (i32.const 4096) (i32.const 32768)))
      (call $write_body (i32.const 1) (i32.const 4096) (i32.wrap_i64 (local.get $piece)))
      ;; The high half is 1 with the body's last piece.
      (br_if $next (i64.eqz (i64.shr_u (local.get $piece) (i64.const 32)))))
    (i64.const 0))

  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
