(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    local.get 0
    i32.const 1
    i32.sub
    local.get 0
    i32.eqz
    i32.const 0
    i32.load
    if  ;; label = @1
      call 5
    end
    call_indirect (type 0))
  (func (;4;) (type 0) (param i32) (result i32)
    local.get 0)
  (func (;5;) (type 2)
    (local i32)
    call 0
    local.tee 0
    i32.const 1
    i32.eq
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.eq
    if  ;; label = @1
      call 1
    end)
  (table (;0;) 2 2 funcref)
  (export "down" (func 3))
  (elem (;0;) (i32.const 0) func 3 4))
