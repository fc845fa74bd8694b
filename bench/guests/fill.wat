;; Hostile: fills 64 MiB at a stroke, over and over. V8 does not interrupt a single memory.fill.
(module
  (memory (export "memory") 1024 1024)
  (func (export "handle_request") (result i64)
    (loop $again
      (memory.fill (i32.const 0) (i32.const 165) (i32.const 67108864))
      (br $again))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
