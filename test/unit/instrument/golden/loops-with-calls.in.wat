;; A loop that calls checks at its head; so does the loop around another loop.
(module
  (import "host" "tell" (func $tell (param i32)))
  (func (export "calls") (param i32)
    loop
      local.get 0 call $tell
      local.get 0 i32.const 1 i32.sub local.tee 0
      br_if 0
    end)
  (func (export "nested") (param i32)
    loop
      loop
        local.get 0 i32.const 1 i32.sub local.tee 0
        br_if 0
      end
      local.get 0 br_if 0
    end))
