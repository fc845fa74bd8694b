;; Computes for as long as it is told: the path of the request is a count of steps, each a few cycles that depend on the last.
(module
  (import "http_handler" "get_uri" (func $get_uri (param $at i32) (param $limit i32) (result i32)))
  (import "http_handler" "write_body" (func $write_body (param $kind i32) (param $at i32) (param $length i32)))

  ;; One page: the answer at 16, the last step's result at 32, the path from 1024 on.
  (memory (export "memory") 1 1)
  (data (i32.const 16) "done\n")

  ;; The number behind the slash; anything that is no digit ends it.
  (func $steps (result i32)
    (local $at i32) (local $end i32) (local $digit i32) (local $sum i32)
    (local.set $at (i32.const 1025))
    (local.set $end (i32.add (i32.const 1024) (call $get_uri (i32.const 1024) (i32.const 64))))
    (block $over
      (loop $next
        (br_if $over (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
        (br_if $over (i32.gt_u (local.get $digit) (i32.const 9)))
        (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 10)) (local.get $digit)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  ;; A chain of multiplications: no step can begin before the last one has ended, however good the compiler is.
  (func $spin (export "spin") (param $steps i32)
    (local $x i64)
    (local.set $x (i64.const 1))
    (block $done
      (loop $step
        (br_if $done (i32.eqz (local.get $steps)))
        (local.set $x
          (i64.add (i64.mul (local.get $x) (i64.const 6364136223846793005)) (i64.const 1442695040888963407)))
        (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
        (br $step)))
    (i64.store (i32.const 32) (local.get $x)))

  (func (export "handle_request") (result i64)
    (call $spin (call $steps))
    (call $write_body (i32.const 1) (i32.const 16) (i32.const 5))
    (i64.const 0))

  (func (export "handle_response") (param $ctx i32) (param $is_error i32)))
