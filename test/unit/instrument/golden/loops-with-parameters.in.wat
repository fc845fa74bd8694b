;; A loop with parameters checks at its head, whatever its size: the check leaves the operands alone.
(module
  (func (export "run") (param i32) (result i32)
    i32.const 1
    local.get 0
    loop (param i32 i32) (result i32)
      local.set 0
      i32.const 3 i32.mul
      local.get 0 i32.const 1 i32.sub local.tee 0
      local.get 0 br_if 0
      drop
    end))
