;; @suspending host.nothing host.number host.wide
;; An import that may wait is called through a function that waits when the host says so, one kind of wait per result.
(module
  (import "host" "nothing" (func $nothing (param i32)))
  (import "host" "number" (func $number (param i32 i32) (result i32)))
  (import "host" "wide" (func $wide (result i64)))
  (func (export "run") (result i64)
    i32.const 1 call $nothing
    i32.const 2 i32.const 3 call $number drop
    call $wide))
