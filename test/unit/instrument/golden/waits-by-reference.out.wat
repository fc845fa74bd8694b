(module
  (type (;0;) (func (result i32)))
  (type (;1;) (func))
  (type (;2;) (func (param i32) (result i32)))
  (import "host" "slow" (func (;0;) (type 0)))
  (import "kerb:sandbox" "interrupt" (func (;1;) (type 0)))
  (import "kerb:sandbox" "yield" (func (;2;) (type 1)))
  (import "kerb:sandbox" "grow" (func (;3;) (type 2)))
  (import "kerb:sandbox" "wait_i32" (func (;4;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;5;) (type 0) (result i32)
    i32.const 0
    call_indirect (type 0))
  (func (;6;) (type 0) (result i32)
    return_call 9)
  (func (;7;) (type 1)
    i32.const 1
    ref.func 9
    table.set 0)
  (func (;8;) (type 1)
    (local i32)
    call 1
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
      call 2
    end)
  (func (;9;) (type 0) (result i32)
    (local i32)
    call 0
    local.set 0
    i32.const 0
    i32.load offset=4
    if (result i32)  ;; label = @1
      call 4
    else
      local.get 0
    end)
  (table (;0;) 2 20000 funcref)
  (global (;0;) funcref (ref.func 9))
  (export "indirect" (func 5))
  (export "tail" (func 6))
  (export "set" (func 7))
  (elem (;0;) (i32.const 0) func 9)
  (elem (;1;) declare func 9))
