;; A cycle of several functions is broken at the one that most calls go through: it checks on entry.
(module
  (func $even (export "even") (param i32) (result i32)
    local.get 0 i32.eqz if i32.const 1 return end
    local.get 0 i32.const 1 i32.sub call $hub)
  (func $odd (export "odd") (param i32) (result i32)
    local.get 0 i32.eqz if i32.const 0 return end
    local.get 0 i32.const 1 i32.sub call $hub)
  (func $hub (param i32) (result i32)
    local.get 0 i32.const 1 i32.and if (result i32) local.get 0 call $odd else local.get 0 call $even end))
