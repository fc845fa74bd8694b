;; A loop that nothing branches back to is a block, and gets no check.
(module
  (func (export "run") (param i32) (result i32)
    loop (result i32)
      local.get 0 i32.const 2 i32.mul
    end))
