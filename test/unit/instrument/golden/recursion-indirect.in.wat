;; A cycle through a table is broken at the signature: each call_indirect of it is checked before.
(module
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $down $stop))
  (func $down (export "down") (param i32) (result i32)
    local.get 0 i32.const 1 i32.sub
    local.get 0 i32.eqz
    call_indirect (type $t))
  (func $stop (param i32) (result i32) local.get 0))
