;; Hostile: an empty loop that never ends.
(module
  (memory (export "memory") 1 1)
  (func (export "handle_request") (result i64)
    (loop $forever (br $forever))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
