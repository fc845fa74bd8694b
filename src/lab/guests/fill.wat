;; Hostile: fills 16 MiB at a stroke, over and over. The engine does not interrupt a single memory.fill.
(module
  (memory (export "memory") 256 256)
  (func (export "handle_request") (result i64)
    (loop $again
      (memory.fill (i32.const 0) (i32.const 165) (i32.const 16777216))
      (br $again))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
