;; Answers every request itself: says what was asked for, and writes a line to the log.
(module
  (import "http_handler" "log" (func $log (param $level i32) (param $text i32) (param $len i32)))
  (import "http_handler" "get_uri" (func $get_uri (param $buf i32) (param $limit i32) (result i32)))
  (import "http_handler" "set_status_code" (func $set_status_code (param $status i32)))
  (import "http_handler" "set_header_value"
    (func $set_header_value (param $kind i32) (param $name i32) (param $name_len i32) (param $value i32) (param $value_len i32)))
  (import "http_handler" "write_body"
    (func $write_body (param $kind i32) (param $body i32) (param $len i32)))

  ;; One page of 64 KiB: texts first, and from 1024 on a buffer of 2048 bytes for the URI.
  (memory (export "memory") 1 1)
  (data (i32.const 16) "content-type")
  (data (i32.const 32) "text/plain; charset=utf-8")
  (data (i32.const 64) "Hello from WAT: ")
  (data (i32.const 96) "\n")
  (data (i32.const 112) "414 URI Too Long\n")

  (func $write (param $text i32) (param $len i32)
    (call $write_body (i32.const 1) (local.get $text) (local.get $len)))

  ;; The result's low bit ("next") is 0: the answer is complete.
  (func (export "handle_request") (result i64)
    (local $len i32)
    (call $set_header_value (i32.const 1) (i32.const 16) (i32.const 12) (i32.const 32) (i32.const 25))
    ;; Answers the full length, and writes nothing when that is more than the limit.
    (local.set $len (call $get_uri (i32.const 1024) (i32.const 2048)))
    (if (i32.gt_u (local.get $len) (i32.const 2048))
      (then
        (call $set_status_code (i32.const 414))
        (call $write (i32.const 112) (i32.const 17))
        (return (i64.const 0))))
    (call $log (i32.const 0) (i32.const 1024) (local.get $len))
    (call $write (i32.const 64) (i32.const 16))
    (call $write (i32.const 1024) (local.get $len))
    (call $write (i32.const 96) (i32.const 1))
    (i64.const 0))

  ;; Called with the origin's response, which there is only after next.
  (func (export "handle_response") (param $context i32) (param $is_error i32)))
