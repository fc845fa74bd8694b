;; Table operations that may be long are checked before.
(module
  (table $t 10 100 funcref)
  (elem $s func $f $f)
  (func $f)
  (func (export "run") (param i32)
    i32.const 0 i32.const 0 local.get 0 table.init $t $s
    i32.const 0 i32.const 5 local.get 0 table.copy $t $t
    i32.const 0 ref.null func local.get 0 table.fill $t
    ref.null func local.get 0 table.grow $t drop
    elem.drop $s))
