;; @suspending host.slow
;; Imports that never wait are called directly.
(module
  (import "host" "quick" (func $quick (result i32)))
  (import "host" "slow" (func $slow (result i32)))
  (func (export "run") (result i32) call $quick call $slow i32.add))
