;; @suspending host.slow
;; References and tail calls of an import that may wait lead to the same function.
(module
  (import "host" "slow" (func $slow (result i32)))
  (table 2 funcref)
  (elem (i32.const 0) $slow)
  (global funcref (ref.func $slow))
  (func (export "indirect") (result i32) i32.const 0 call_indirect (result i32))
  (func (export "tail") (result i32) return_call $slow)
  (func (export "set") i32.const 1 ref.func $slow table.set 0))
