;; Hostile: never gets past its start function, which runs while the instance is made.
(module
  (memory (export "memory") 1 1)
  (func $start (loop $forever (br $forever)))
  (start $start)
  (func (export "handle_request") (result i64) (i64.const 0))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
