;; A body between 25 and 80 bytes is written twice; what leaves the loop skips the blocks that were added.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i32) (result i32) (local i32)
    block
      loop
        local.get 0 i32.eqz br_if 1
        local.get 1 local.get 0 i32.load8_u i32.add i32.const 31 i32.mul local.set 1
        local.get 1 i32.const 1000 i32.gt_u if local.get 1 return end
        local.get 0 i32.const 1 i32.sub local.set 0
        br 0
      end
    end
    local.get 1))
