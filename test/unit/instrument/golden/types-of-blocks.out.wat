(module
  (type (;0;) (func (param i32 i32) (result i32 i32)))
  (type (;1;) (func (param i32)))
  (type (;2;) (func (param i32) (result i32)))
  (type (;3;) (func (result i32)))
  (type (;4;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 3)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 4)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 2)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 2) (param i32) (result i32)
    local.get 0
    local.get 0
    block (param i32 i32) (result i32 i32)  ;; label = @1
      i32.const 1
      i32.add
    end
    i32.add
    local.get 0
    i32.const 0
    call_indirect (type 1))
  (func (;4;) (type 4)
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
  (table (;0;) 1 20000 funcref)
  (export "run" (func 3)))
