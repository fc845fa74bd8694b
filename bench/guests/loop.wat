;; Hostile: an empty loop that never ends.
(module
  (memory (export "memory") 1 1)
  (func (export "handle_request") (result i64)
    (loop $forever (br $forever))
    (unreachable))
  (func (export "handle_response") (param $ctx i32) (param $is_error i32))
  ;; The same, under the name that the peer without a host ABI calls.
  (func (export "spin") (loop $forever (br $forever)))
  ;; What a call costs when there is nothing to interrupt.
  (func (export "nothing")))
