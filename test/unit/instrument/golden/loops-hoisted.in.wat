;; A larger body without calls goes round inside a loop that it leaves when the word is set.
(module
  (memory (export "memory") 1)
  (func (export "run") (param i32) (result i32) (local i32 i32)
    block (result i32)
      loop (result i32)
        local.get 1 local.get 0 i32.load i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=4 i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=8 i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=12 i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=16 i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=20 i32.add local.set 1
        local.get 1 local.get 0 i32.load offset=24 i32.add local.set 1
        local.get 1 i32.const 77 i32.eq if i32.const 5 br 2 end
        local.get 0 i32.const 32 i32.add local.tee 0
        i32.const 4096 i32.lt_u br_if 0
        local.get 1
      end
    end))
