;; Types that only blocks and indirect calls name stay, under their new indices.
(module
  (type $unused (func (param f64)))
  (type $pair (func (param i32 i32) (result i32 i32)))
  (type $called (func (param i32)))
  (table 1 funcref)
  (func (export "run") (param i32) (result i32)
    local.get 0 local.get 0
    block (type $pair) i32.const 1 i32.add end
    i32.add
    local.get 0 i32.const 0 call_indirect (type $called)))
