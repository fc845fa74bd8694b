;; A mutable global that the host cannot set, or a segment that is dropped: nothing is exported, instances are new each time.
(module
  (global $a (mut i32) (i32.const 1))
  (global $f (mut funcref) (ref.null func))
  (func (export "run") i32.const 2 global.set $a))
