;; Hostile: fails at once, by a load beyond its memory.
(module
  (memory (export "memory") 1 1)
  (func (export "handle_request") (result i64) (i64.load (i32.const -8)))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
