;; The upload's imports keep their indices; those of the sandbox follow, and defined functions move.
(module
  (import "host" "a" (func $a (param i32)))
  (import "host" "b" (func $b (result i32)))
  (func $c (result i32) call $b)
  (func (export "run") call $c call $a))
